"""A DNS server on loopback that knows the records a test gives it."""
import ipaddress
import socket
import struct
import threading

A, SRV = 1, 33


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class FakeDns:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.records = {}
        self.asked = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def add_address(self, name, address, ttl=60):
        self.add(name, A, ttl, ipaddress.ip_address(address).packed)

    def add_service(self, name, port, target, priority=0, weight=0, ttl=60):
        self.add(name, SRV, ttl, struct.pack("!HHH", priority, weight, port) + name_bytes(target))

    def add(self, name, kind, ttl, data):
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
        self.records.setdefault(name, []).append((kind, record))

    def serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(512)
            except OSError:
                return
            at, labels = 12, []
            while question[at]:
                labels.append(question[at + 1 : at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels), question[at + 2]
            self.asked.append((name, kind))
            records = [record for its_kind, record in self.records.get(name, []) if its_kind == kind]
            code = 0 if name in self.records else 3
            header = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
            self.socket.sendto(header + question[12 : at + 5] + b"".join(records), peer)

    def close(self):
        self.socket.close()

"""UDP from any source address and port, several datagrams in one call, so that their receiver finds them together."""
import ctypes
import socket
import struct


class Piece(ctypes.Structure):  # struct iovec
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Header(ctypes.Structure):  # struct mmsghdr: a struct msghdr and how much of it was sent, padding counted in
    _fields_ = [("name", ctypes.c_char_p), ("name_length", ctypes.c_uint32), ("pieces", ctypes.POINTER(Piece)),
                ("piece_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_long), ("sent", ctypes.c_long)]


def packet(data, source, target, source_port=0):
    """An IPv4 packet; the kernel fills in length and checksum, and a UDP checksum of 0 is none."""
    udp = struct.pack("!HHHH", source_port, target[1], 8 + len(data), 0) + data
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                       socket.inet_aton(source), socket.inet_aton(target[0])) + udp


class Batch:
    """Packets that wait for one call of sendmmsg(2)."""

    def __init__(self, packets, target):
        name = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 0, socket.inet_aton(target[0]))
        pieces = [(Piece * 1)(Piece(data, len(data))) for data in packets]
        self.headers = (Header * len(packets))(*(Header(name, len(name), each, 1, None, 0, 0, 0) for each in pieces))
        self.call = ctypes.CDLL(None).sendmmsg

    def send(self, raw):
        return self.call(raw.fileno(), self.headers, len(self.headers), 0)

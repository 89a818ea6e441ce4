"""Attack: a row of the table and the function that plays it."""


class Attack:
    def __init__(self, row, title, run):
        self.row = row
        self.title = title
        self.run = run


def marker(attacks):
    """The decorator of one module: `@attack(7, "a sentence")` puts the function into that module's list."""
    def attack(row, title):
        def mark(run):
            attacks.append(Attack(row, title, run))
            return run
        return mark
    return attack

"""Draws latency against load as an SVG: one line for each percentile, the latency on a logarithmic scale."""
import html
import math

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 40, 50
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")


def steps(largest):
    """Round numbers from 0 to a little beyond the largest."""
    step = 10 ** math.floor(math.log10(largest / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if largest / (step * factor) <= 6)
    return [step * i for i in range(math.ceil(largest / step) + 1)]


def draw(title, x_name, lines):
    """`lines`: a dictionary from a line's name to its points (load, milliseconds)."""
    points = [point for line in lines.values() for point in line]
    x_marks = steps(max(x for x, _ in points))
    low = math.floor(math.log10(min(y for _, y in points)))
    high = math.ceil(math.log10(max(y for _, y in points)))
    high = max(high, low + 1)

    def place(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * x / x_marks[-1],
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(y) - low) / (high - low))

    def text(x, y, words, anchor="middle", extra=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{html.escape(words)}</text>'

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(WIDTH / 2, 22, title, extra=' font-size="15"')]
    for mark in x_marks:
        x, y = place(mark, 10 ** low)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(x, y + 18, f"{mark:,.0f}"))
    for exponent in range(low, high + 1):
        x, y = place(x_marks[-1], 10 ** exponent)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y + 4, f"{10 ** exponent:g} ms", anchor="end"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_name))
    for (name, line), colour in zip(lines.items(), COLOURS):
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line:
            parts.append('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*place(x, y), colour))
        x, y = place(*line[-1])
        parts.append(text(x + 8, y + 4, name, anchor="start", extra=f' fill="{colour}"'))
    return "\n".join(parts) + "\n</svg>\n"

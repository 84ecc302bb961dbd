"""The picture of a soak: how memory, open files and latencies went, one small chart each. Not a test by itself."""
import html

WIDTH, HEIGHT, LEFT, GAP = 420, 150, 60, 34


def chart(title, unit, lines, x, y):
    """`lines`: name -> values, None where there is none. All share one scale from zero."""
    most = max((value for values in lines.values() for value in values if value is not None), default=1) * 1.15 or 1
    parts = [f'<g transform="translate({x},{y})"><text y="-8" class="title">{html.escape(title)}</text>']
    for part in (0, 0.5, 1):
        level = HEIGHT * (1 - part)
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{level}" y2="{level}" class="grid"/><text x="-6" y="{level + 4}" class="value">{most * part:.3g} {unit}</text>')
    for n, (name, values) in enumerate(lines.items()):
        step = WIDTH / max(1, len(values) - 1)
        points = " ".join(f"{i * step:.1f},{HEIGHT * (1 - value / most):.1f}" for i, value in enumerate(values) if value is not None)
        parts.append(f'<polyline points="{points}" class="line c{n}"/><text x="{WIDTH - 4}" y="{-8 - 13 * (len(lines) - 1 - n)}" class="name c{n}">{html.escape(name)}</text>')
    return "\n".join([*parts, "</g>"])


def picture(samples, options):
    """An SVG of the samples of soak.py, one column a minute."""
    charts = []
    for name in ("server", "agents", "keepers"):
        charts.append((f"{name}: memory", "MB", {"resident": [s[name]["memory"] for s in samples]}))
        charts.append((f"{name}: open files, threads", "", {"files": [s[name]["files"] for s in samples], "threads": [s[name]["threads"] for s in samples]}))
    for kind in sorted({kind for s in samples for kind in s["latency"]}):
        charts.append((kind, "ms", {word: [s["latency"].get(kind, (None, None))[n] for s in samples] for n, word in enumerate(("p50", "p99"))}))
    rows = (len(charts) + 1) // 2
    height = rows * (HEIGHT + GAP + 20) + 60
    body = [chart(*one, LEFT + (n % 2) * (WIDTH + LEFT + 30), 80 + (n // 2) * (HEIGHT + GAP + 20)) for n, one in enumerate(charts)]
    style = ("text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.head{font-size:16px;font-weight:bold}.value{text-anchor:end;font-size:10px;fill:#777}"
             ".grid{stroke:#ddd}.line{fill:none;stroke-width:1.5}.name{text-anchor:end}polyline.c0{stroke:#1b6ca8}polyline.c1{stroke:#c8553d}text.c0{fill:#1b6ca8}text.c1{fill:#c8553d}")
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * (WIDTH + LEFT) + 60}" height="{height}" style="background:#fff"><style>{style}</style>',
                      f'<text x="{LEFT}" y="28" class="head">{options.tasks:,} tasks in {options.minutes:g} minutes: {len(samples)} looks, from left to right</text>', *body, "</svg>", ""])

"""Pictures to upload, drawn here."""

import io

from PIL import Image, ImageDraw


def jpeg(hue: int) -> bytes:
    """A dress before a wall, 600 × 800 pixels; `hue` (0–359) colours it."""
    picture = Image.new("RGB", (600, 800), "#e9e2d8")
    pen = ImageDraw.Draw(picture)
    cloth = f"hsl({hue % 360}, 45%, 45%)"
    pen.polygon([(235, 150), (365, 150), (350, 330), (450, 680), (150, 680), (250, 330)], fill=cloth)
    pen.line([(250, 330), (350, 330)], fill="#2a2030", width=8)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()

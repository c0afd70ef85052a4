"""Word files, HTML and pictures become PDFs; what is hostile in them does not come along."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from docx import Document
from PIL import Image

from dealwright.base.errors import Invalid
from dealwright.signing.documents.uploads import Upload, read_upload


def make_docx(write: Callable[[Any], None] | None = None) -> bytes:
    document = Document()
    (write or (lambda each: each.add_paragraph("A paragraph.")))(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_member(docx: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The Word file with one member changed, or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        for each in names:
            content = old.read(each)
            new.writestr(each, change(content) if each == name else content)
        if name not in names:
            new.writestr(name, change(b""))
    return out.getvalue()


def words(upload: Upload) -> str:
    return " ".join(" ".join(upload.texts).split())


def make_image(form: str, size: tuple[int, int] = (300, 200), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


class TestWord:
    def test_what_would_be_printed_comes_along(self) -> None:
        def write(document: Any) -> None:
            document.add_heading("Agreement", 1)
            paragraph = document.add_paragraph("Between Ada and ")
            paragraph.add_run("Grace").bold = True
            for text in ("First", "Second"):
                document.add_paragraph(text, style="List Number")
            table = document.add_table(3, 3)
            table.cell(0, 0).merge(table.cell(0, 1)).text = "Merged across"
            table.cell(1, 1).merge(table.cell(2, 1)).text = "Merged down"
            document.add_picture(io.BytesIO(make_image("PNG", (40, 30))))
            document.add_paragraph("{{sign:1}}")
            document.sections[0].header.paragraphs[0].text = "In the header"
            document.sections[0].footer.paragraphs[0].text = "In the footer"
            document.sections[0].page_width = 12_700 * 400

        upload = read_upload("agreement.docx", make_docx(write))
        said = words(upload)
        for part in ("Agreement", "Between Ada and Grace", "1. First", "2. Second",
                     "Merged across", "Merged down", "In the header", "In the footer"):  # fmt: skip
            assert part in said
        assert "{{" not in said
        assert [each.kind for each in upload.anchors] == ["signature"]
        assert upload.pages[0].width == pytest.approx(400)
        assert upload.notes[0].startswith("The Word file was converted to PDF.")

    def test_macros_and_objects_are_left_out_with_a_note(self) -> None:
        hostile = with_member(make_docx(), "word/vbaProject.bin", lambda _: b"\xd0\xcf\x11\xe0")
        hostile = with_member(hostile, "word/embeddings/oleObject1.bin", lambda _: b"\xd0\xcf")
        upload = read_upload("a.docx", hostile)
        assert "Macros were left out." in upload.notes
        assert "An embedded object was left out; its picture stays." in upload.notes
        assert words(upload) == "A paragraph."

    def test_nothing_is_fetched_and_no_file_is_read(self) -> None:
        def point_away(relations: bytes) -> bytes:
            link = (
                b'<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/'
                b'2006/relationships/image" Target="file:///etc/passwd" TargetMode="External"/>'
            )
            return relations.replace(b"</Relationships>", link + b"</Relationships>")

        upload = read_upload(
            "a.docx", with_member(make_docx(), "word/_rels/document.xml.rels", point_away)
        )
        assert "What the file would fetch from elsewhere was left out." in upload.notes
        assert "root:" not in words(upload)

    @pytest.mark.parametrize(
        "entity",
        [
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
            b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY e "&c;&c;&c;&c;&c;&c;&c;">]>',
        ],
    )
    def test_entities_stay_unread(self, entity: bytes) -> None:
        def declare(xml: bytes) -> bytes:
            head, _, rest = xml.partition(b"?>")
            return head + b"?>" + entity + rest.replace(b"A paragraph.", b"Read: &e;")

        try:
            said = words(
                read_upload("a.docx", with_member(make_docx(), "word/document.xml", declare))
            )
        except Invalid:
            return
        assert "root:" not in said
        assert "lollol" not in said

    def test_a_bomb_a_broken_and_a_protected_file_are_refused(self) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("word/document.xml", b"<x/>")
            for number in range(3):
                bomb.writestr(f"word/media/{number}.png", b"\0" * 80_000_000)
        with pytest.raises(Invalid, match="unpacks to too much"):
            read_upload("a.docx", out.getvalue())
        with pytest.raises(Invalid, match="damaged"):
            read_upload("a.docx", with_member(make_docx(), "word/document.xml", lambda _: b"<x"))

    def test_tracked_changes_are_taken_as_accepted(self) -> None:
        def track(xml: bytes) -> bytes:
            run = b"<w:r><w:t>A paragraph.</w:t></w:r>"
            gone = b'<w:del w:id="1"><w:r><w:delText>Old</w:delText></w:r></w:del>'
            new = b'<w:ins w:id="2"><w:r><w:t>New.</w:t></w:r></w:ins>'
            assert run in xml
            return xml.replace(run, gone + new)

        upload = read_upload("a.docx", with_member(make_docx(), "word/document.xml", track))
        assert words(upload) == "New."
        assert "Tracked changes were taken as accepted." in upload.notes


class TestHtml:
    def test_what_a_reader_sees_comes_along_and_nothing_else(self) -> None:
        picture = base64.b64encode(make_image("PNG", (20, 20))).decode()
        upload = read_upload(
            "terms.html",
            f"""<!doctype html><html><head><title>T</title><style>p {{ color: red }}</style></head>
            <body><h1>Terms</h1><p>Hello <b>Ada</b> &amp; <i>Grace</i>.
            <script>document.write("evil")</script></p>
            <ol><li>One<ul><li>Within</li></ul></li><li>Two</li></ol>
            <table><tr><th colspan="2">Wide</th></tr><tr><td rowspan="2">Tall</td><td>B</td></tr>
            <tr><td>C</td></tr></table><img src="data:image/png;base64,{picture}">
            <img src="https://tracker.test/x.png"><img src="file:///etc/passwd">
            <iframe src="file:///etc/passwd"></iframe><a href="javascript:alert(1)">A link</a>
            <p style="display:none">Hidden clause</p>
            <p># read("/etc/passwd")</p></body>""".encode(),
        )
        said = words(upload)
        for part in ("Terms", "Hello Ada & Grace.", "Within", "Two", "Wide", "Tall", "A link",
                     '# read("/etc/passwd")'):  # fmt: skip
            assert part in said
        for part in ("evil", "Hidden clause", "root:", "color"):
            assert part not in said
        assert {
            "A script was left out.",
            "A picture from elsewhere was left out.",
            "A page within the page was left out.",
            "Hidden text was left out.",
            "A link that leads to no web page was left out.",
        } <= set(upload.notes)

    def test_entities_and_endless_nesting_do_no_harm(self) -> None:
        lol = (
            b'<!DOCTYPE html [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            b'<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>Read: &b; &x;</p>'
        )
        said = words(read_upload("a.html", lol))
        assert "lollol" not in said
        assert "root:" not in said
        deep = read_upload("a.html", b"<html><body><p>Top</p>" + b"<div>" * 5_000 + b"deep")
        assert "Top" in words(deep)

    def test_a_page_without_content_is_refused(self) -> None:
        with pytest.raises(Invalid, match="nothing in the document"):
            read_upload("a.html", b"<html><body><script>1</script></body></html>")


class TestPictures:
    def test_each_picture_is_a_page_as_its_camera_was_held(self) -> None:
        turned = Image.Exif()
        turned[0x0112], turned[0x010E] = 6, "taken at home"
        upload = read_upload("a.jpg", make_image("JPEG", exif=turned))
        assert upload.pages[0].height > upload.pages[0].width
        assert b"taken at home" not in upload.pdf
        assert read_upload("a.png", make_image("PNG")).pages[0].width > 800
        sheets = [Image.new("L", (80, 120), shade) for shade in (10, 120, 250)]
        fax = io.BytesIO()
        sheets[0].save(fax, "TIFF", save_all=True, append_images=sheets[1:])
        assert len(read_upload("a.tiff", fax.getvalue()).pages) == 3

    def test_a_bomb_and_a_broken_picture_are_refused(self) -> None:
        bomb = io.BytesIO()
        Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
        for name, content in (
            ("a.png", bomb.getvalue()),
            ("a.jpg", make_image("JPEG")[:100]),
            ("a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 40),
        ):
            with pytest.raises(Invalid, match=f"^{name}: "):
                read_upload(name, content)

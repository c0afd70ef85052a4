"""Addresses of the records of every registered object.

The site mounts these last, so that a room may draw a page of its own at such an address.
"""

from django.urls import path, register_converter

from dealwright.base.web.records import (
    bin_page,
    board,
    calendar,
    lists,
    new_record,
    record_page,
    sharing,
    view_pages,
    writes,
)
from dealwright.base.web.records.addresses import SlugConverter

register_converter(SlugConverter, "records")

urlpatterns = [
    path("<records:of>", lists.list_page, name="records"),
    path("<records:of>/rows", lists.more_rows, name="records-rows"),
    path("<records:of>/totals", lists.totals, name="records-totals"),
    path("<records:of>/filter-fields", lists.filter_fields),
    path("<records:of>/filter-sentence", lists.describe),
    path("<records:of>/board", board.board_page, name="records-board"),
    path("<records:of>/board/column", board.more_cards),
    path("<records:of>/board/sums", board.column_sums),
    path("<records:of>/calendar", calendar.calendar_page, name="records-calendar"),
    path("<records:of>/paste", writes.paste_block),
    path("<records:of>/bulk", writes.change_many),
    path("<records:of>/new", new_record.new_record, name="new-record"),
    path("<records:of>/duplicates", new_record.duplicates),
    path("<records:of>/views/new", view_pages.save_view),
    path("<records:of>/views/<uuid:view_id>", view_pages.edit_view),
    path("<records:of>/views/<uuid:view_id>/keep", view_pages.keep_view),
    path("<records:of>/views/<uuid:view_id>/pin", view_pages.pin),
    path("<records:of>/views/<uuid:view_id>/delete", view_pages.remove_view),
    path("<records:of>/<uuid:record_id>", record_page.record_page, name="record"),
    path("<records:of>/<uuid:record_id>/side", record_page.record_side),
    path("<records:of>/<uuid:record_id>/facts", record_page.record_facts),
    path("<records:of>/<uuid:record_id>/timeline", record_page.record_timeline),
    path("<records:of>/<uuid:record_id>/peek", record_page.peek),
    path("<records:of>/<uuid:record_id>/row", lists.one_row),
    path("<records:of>/<uuid:record_id>/card", board.one_card),
    path("<records:of>/<uuid:record_id>/history/<str:key>", record_page.field_history),
    path("<records:of>/<uuid:record_id>/cells", writes.write_cells),
    path("<records:of>/<uuid:record_id>/delete", record_page.delete, name="delete-record"),
    path("<records:of>/<uuid:record_id>/restore", bin_page.restore, name="restore-record"),
    path("<records:of>/<uuid:record_id>/sharing", sharing.sharing, name="share-record"),
]

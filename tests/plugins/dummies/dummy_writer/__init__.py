"""Writes to a customer when something has happened."""

from __future__ import annotations

from askpro.sdk import hookimpl


class Writer:
    @hookimpl
    async def on_event(self, ctx, event):
        await ctx.mail_customer(event.data["customer"], event.data["subject"], event.data["paragraphs"], key=event.kind)


plugin = Writer()

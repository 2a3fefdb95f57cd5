"""What happens in the house in which the distribution is installed; run by that environment's Python, act by act.

    python distribution_house.py installed | removed | back

Prints what was seen as JSON on its last line; ``test_plugin_distribution.py`` judges it. The database and the
stand-in for Kassenwerk outlive each act: both are the test's.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

import askpro
from askpro import db
from askpro.app import create_app
from askpro.cli import cli
from askpro.payments import jobs
from askpro.settings import Settings
from portal_house import Browser, Portal, furnish
from staff_house import staff, words
from web_site import running

SECRET = "whsec_bm9yZHN0ZXJuLXNpZ25z"
Seen = dict[str, Any]


def command(*arguments: str) -> dict[str, Any]:
    """``askpro …`` as an operator types it."""
    answer = CliRunner().invoke(cli, list(arguments))
    return {"code": answer.exit_code, "text": answer.stdout, "error": str(answer.exception or "")}


def hand(*path: str) -> Any:
    """Have the stand-in do something: ``pay``, ``trouble``, ``message``."""
    api = os.environ["ASKPRO_PLUGIN_KASSENWERK__API_BASE"]
    return httpx.post(f"{api}/hands/{'/'.join(path)}").raise_for_status().json()


def opened(work: Callable[[Portal], Awaitable[Seen]]) -> Seen:
    """Do ``work`` in the running application."""

    async def run() -> Seen:
        async with AsyncExitStack() as stack:
            app = create_app(Settings.from_env())
            await stack.enter_async_context(running(app))
            return await work(Portal(app, stack, {}))

    return asyncio.run(run())


async def customer(portal: Portal, slug: str) -> Browser:
    browser = await portal.browser(slug)
    assert (await browser.sign_in()).status_code == 303
    return browser


async def ways(browser: Browser) -> list[str]:
    """The ways to pay that a customer sees."""
    await browser.get("/topup")
    return re.findall(r'<input[^>]* name="method" value="(\w+)"', browser.page)


async def check_page(browser: Browser) -> dict[str, str]:
    """The fields of the page that sums up a payment by Kassenwerk."""
    await browser.get("/topup")
    answer = await browser.post("/topup/review", {"amount": "50.00", "method": "kassenwerk"})
    page = (await browser.get(answer.headers["location"])).text
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


async def deliver(portal: Portal, slug: str, path: str, ref: str) -> int:
    """Kassenwerk's message about a payment, at that address on that house."""
    said = hand("message", ref)
    browser = await portal.browser(slug, address="198.51.100.7")
    return (await browser.client.post(path, headers=said["headers"], content=said["body"])).status_code


async def books(slug: str = "nordstern") -> Seen:
    """What the house itself has written down about payments by Kassenwerk."""
    async with db.platform_unit("tests", actor="tests"):
        rows = await db.fetch(
            "select o.state, a.look_up_at > now() as asked_later, a.detail ->> 'code' as code from payments.orders o"
            " join tenancy.tenant t on t.id = o.tenant_id"
            " left join payments.attempt a on a.tenant_id = o.tenant_id and a.order_id = o.id"
            " where t.slug = $1 and o.provider = 'kassenwerk' order by o.id",
            slug,
        )
        paid = await db.fetchval(
            "select coalesce(sum(w.posted), 0)::bigint from ledger.wallet w join tenancy.tenant t on t.id = w.tenant_id"
            " where t.slug = $1",
            slug,
        )
    return {"orders": [row["state"] for row in rows], "asked_later": [row["asked_later"] for row in rows],
            "credit": paid}  # fmt: skip


# installed


async def not_offered(portal: Portal) -> Seen:
    await furnish(portal.app.litestar.state["host"])
    boss, anna = await staff(portal), await customer(portal, "nordstern")
    return {
        "listed": "Kassenwerk" in words((await boss.get("/staff/providers")).text),
        "room": (await boss.get("/staff/providers/kassenwerk")).status_code,
        "page": (await boss.get("/x/kassenwerk/requests")).status_code,
        "ways": await ways(anna),
    }


async def offered(portal: Portal) -> Seen:
    """One reseller sets it up and switches it on in its own rooms, the other does not."""
    boss, room = await staff(portal), "/staff/providers/kassenwerk"
    seen: Seen = {"room": words((await boss.get(room)).text)}
    seen["too_early"] = (await boss.post(f"{room}/switch", {"on": "1"})).status_code
    await boss.get(room)
    wrong = {"api_key": "kw_live_nordstern", "mode": "test", "webhook_secret": SECRET}
    seen["wrong_key"] = (await boss.post(f"{room}/settings", wrong)).status_code
    await boss.get(room)
    right = {**wrong, "api_key": "kw_test_nordstern", "api_base": "http://evil.example"}
    seen["saved"] = (await boss.post(f"{room}/settings", right)).headers.get("location")
    await boss.get(room)
    seen["shows_secret"] = "kw_test_nordstern" in boss.page
    seen["on"] = (await boss.post(f"{room}/switch", {"on": "1"})).headers.get("location")
    seen["check"] = words((await boss.get(f"{room}?check=1")).text)

    anna, ben = await customer(portal, "nordstern"), await customer(portal, "falke")
    seen["ways"] = {"nordstern": await ways(anna), "falke": await ways(ben)}
    seen["topup"] = words((await anna.get("/topup")).text)
    await ben.get("/topup")
    forged = {"amount": "50.00", "method": "kassenwerk", "idempotency_key": "forged-forged-forged", "gross": "60000000"}
    seen["forged"] = [
        (await ben.post("/topup/review", {"amount": "50.00", "method": "kassenwerk"})).status_code,
        (await ben.post("/topup/pay", forged)).headers.get("location"),
        await books("falke"),
    ]
    fields = await check_page(anna)
    anna.page = ""
    order = (await anna.post("/topup/pay", fields)).headers["location"]
    seen["order"] = order.partition("?")[0]
    onward = await anna.get(order)
    found = re.search(r"https://pay\.kassenwerk\.example/\w+", f"{onward.headers} {onward.text}")
    seen["checkout"] = found[0] if found else ""
    rival = await staff(portal, "falke")
    seen["page"] = {
        "nordstern": words((await boss.get("/x/kassenwerk/requests")).text),
        "falke": (await rival.get("/x/kassenwerk/requests")).status_code,
        "customer": (await anna.get("/x/kassenwerk/requests")).status_code,
        "room": (await rival.get("/staff/providers/kassenwerk")).status_code,
    }
    return seen


async def heard(portal: Portal, path: str, ref: str) -> Seen:
    hand("pay", ref)
    wrong = await portal.browser("nordstern", address="198.51.100.8")
    return {
        "falke": await deliver(portal, "falke", path, ref),
        "nowhere": await deliver(portal, "falke", "/webhooks/kassenwerk/nobody-knows-this-token", ref),
        "unsigned": (await wrong.client.post(path, content=b"{}")).status_code,
        "nordstern": await deliver(portal, "nordstern", path, ref),
    }


async def paid(portal: Portal, order: str) -> Seen:
    """After the worker: the payment is booked. Then a second one, whose answer gets lost."""
    anna = await customer(portal, "nordstern")
    seen: Seen = {"books": await books(), "page": words((await anna.get(order)).text)}
    hand("trouble", "lost")
    fields = await check_page(anna)
    seen["lost"] = (await anna.post("/topup/pay", fields)).headers["location"]
    seen["then"] = await books()
    return seen


def installed() -> Seen:
    seen: Seen = {"from": askpro.__file__, "migrate": command("migrate"), "list": command("plugins", "list")}
    seen["not_offered"] = opened(not_offered)
    seen["early"] = command("plugins", "enable", "kassenwerk", "--tenant", "nordstern")
    seen["offer"] = command("plugins", "offer", "kassenwerk")
    seen["offered"] = opened(offered)
    seen["endpoint"] = command("payments", "endpoint", "nordstern", "kassenwerk")
    path = httpx.URL(seen["endpoint"]["text"].splitlines()[-1]).path
    ref = seen["offered"]["checkout"].rpartition("/")[2]
    seen["heard"] = opened(lambda portal: heard(portal, path, ref))
    seen["worker"] = command("worker", "--once")
    seen["paid"] = opened(lambda portal: paid(portal, seen["offered"]["order"]))
    return {**seen, "path": path, "ref": ref}


# removed, and back again


def removed() -> Seen:
    before = json.loads(os.environ["SEEN"])

    async def look(portal: Portal) -> Seen:
        anna, boss = await customer(portal, "nordstern"), await staff(portal)
        return {
            "ways": await ways(anna),
            "paid": words((await anna.get(before["offered"]["order"])).text),
            "lost": words((await anna.get(before["paid"]["lost"])).text),
            "transactions": words((await anna.get("/transactions")).text),
            "staff": [(await boss.get(path)).status_code for path in ("/staff/payments", "/staff/providers")],
            "page": (await boss.get("/x/kassenwerk/requests")).status_code,
            "webhook": await deliver(portal, "nordstern", before["path"], before["ref"]),
            "books": await books(),
        }

    seen = {"migrate": command("migrate"), "list": command("plugins", "list")}
    return {**seen, "look": opened(look), "doctor": command("payments", "doctor", "--tenant", "nordstern")}


def back() -> Seen:
    """Kassenwerk knows of the second payment; the janitor's turn has come."""
    hand("pay", "pay_000002")

    async def due(_: Portal) -> Seen:
        async with db.platform_unit("tests", actor="tests"):
            await db.execute("update payments.attempt set look_up_at = now() where state = 'unknown'")
        await jobs.sweep()
        return {}

    async def look(portal: Portal) -> Seen:
        anna = await customer(portal, "nordstern")
        return {"ways": await ways(anna), "books": await books()}

    opened(due)
    return {"worker": command("worker", "--once"), "look": opened(look)}


if __name__ == "__main__":
    acts = {"installed": installed, "removed": removed, "back": back}
    print("\n" + json.dumps(acts[Path(sys.argv[1]).name]()))

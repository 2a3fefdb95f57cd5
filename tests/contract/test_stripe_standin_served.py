"""The Stripe stand-in on a port: over real sockets, and as a program of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from askpro.testing.stripe import API_VERSION, StripeStandIn
from askpro.testing.stripe.serving import served

REPOSITORY = Path(__file__).parents[2]
KEY = {"authorization": "Bearer sk_test_standin"}


@pytest.mark.anyio
async def test_it_answers_on_a_port() -> None:
    """API and pages over HTTP, pages at the address they name; after the block nobody listens."""
    standin = StripeStandIn(seed=6)
    async with served(standin) as address, httpx.AsyncClient(base_url=address, headers=KEY) as client:
        made = await client.post(
            "/v1/checkout/sessions",
            data={
                "mode": "payment",
                "success_url": f"{address}/_standin",
                "line_items[0][quantity]": "1",
                "line_items[0][price_data][currency]": "eur",
                "line_items[0][price_data][unit_amount]": "5000",
                "line_items[0][price_data][product_data][name]": "Credit",
            },
        )
        page = await client.get(made.json()["url"])
        paid = await client.post(made.json()["url"], data={"do": "pay", "method": "pm_card_visa", "email": "a@b.de"})
        after = await client.get(f"/v1/checkout/sessions/{made.json()['id']}")

    assert made.headers["stripe-version"] == API_VERSION
    assert made.json()["url"].startswith(address)
    assert "Pay 50.00 eur" in page.text
    assert (paid.status_code, paid.headers["location"]) == (303, f"{address}/_standin")
    assert after.json()["payment_status"] == "paid"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/_standin")


@pytest.mark.anyio
async def test_a_lost_answer_cuts_the_connection() -> None:
    """Over a wire too: nothing arrives, and the customer is there; the next request is answered."""
    standin = StripeStandIn()
    async with served(standin) as address, httpx.AsyncClient(base_url=address, headers=KEY) as client:
        standin.next_call("unanswered")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/v1/customers", data={"name": "Ada"})
        after = await client.get("/v1/customers")

    assert [one["name"] for one in after.json()["data"]] == ["Ada"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_runs_by_itself() -> None:
    """``python -m askpro.testing.stripe`` prints its address and keys, answers, and ends when interrupted."""
    port = _free_port()
    command = [sys.executable, "-m", "askpro.testing.stripe", "--port", str(port), "--account", "nordstern"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "core"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        answer = None
        deadline = time.monotonic() + 60
        while answer is None and time.monotonic() < deadline and process.poll() is None:
            try:
                answer = httpx.get(
                    f"http://127.0.0.1:{port}/v1/account", headers={"authorization": "Bearer sk_test_nordstern"}
                )
            except httpx.ConnectError:
                time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()

    assert answer is not None, said
    assert answer.json()["business_profile"]["name"] == "nordstern"
    assert f"http://127.0.0.1:{port}" in said
    assert "sk_test_nordstern" in said
    assert process.returncode == 0, said

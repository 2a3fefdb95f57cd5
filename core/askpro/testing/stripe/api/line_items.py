"""What is being paid for: prices made on the spot."""

from __future__ import annotations

from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import checked_currency
from askpro.testing.stripe.wire.faults import invalid, missing
from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("ITEMS", "line_items")

ITEMS = """
    line_items[].quantity line_items[].price_data.currency line_items[].price_data.unit_amount
    line_items[].price_data.tax_behavior line_items[].price_data.product_data.name
    line_items[].price_data.product_data.description line_items[].price_data.product_data.metadata.*
"""


def line_items(book: Book, params: Params) -> list[Obj]:
    """The items of a checkout's form."""
    return [_item(book, one) for one in params.items("line_items")]


def _item(book: Book, params: Params) -> Obj:
    data = params.inner("price_data")
    if not data.values:
        raise missing(params.called("price_data"))
    currency = checked_currency(data.need("currency"), data.called("currency"))
    unit = data.need_whole("unit_amount")
    quantity = params.need_whole("quantity")
    if unit < 0 or quantity < 1:
        raise invalid("Invalid line item: amounts and quantities must be positive", param=params.path)
    product = _product(book, data.inner("product_data"))
    price = book.add(
        {
            "id": book.new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": book.now,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": book.livemode,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product["id"],
            "recurring": None,
            "tax_behavior": data.choice("tax_behavior", ("exclusive", "inclusive", "unspecified"), "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit,
            "unit_amount_decimal": str(unit),
        }
    )
    total = unit * quantity
    return {
        "id": book.new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": product["name"],
        "metadata": {},
        "price": dict(price),
        "quantity": quantity,
    }


def _product(book: Book, params: Params) -> Obj:
    return book.add(
        {
            "id": book.new_id("prod", 14),
            "object": "product",
            "active": False,
            "created": book.now,
            "default_price": None,
            "description": params.text("description"),
            "images": [],
            "livemode": book.livemode,
            "marketing_features": [],
            "metadata": params.metadata(),
            "name": params.need("name"),
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "unit_label": None,
            "updated": book.now,
            "url": None,
        }
    )

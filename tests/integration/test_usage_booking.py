"""Reports of finished calls through the real services: each booked once, exactly, whoever sends what how often."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import batched_or_slices
from typing import Any

import pytest

"""Starts and drives a sectigo-emulator, a local emulator of Sectigo's partner API, from Python.

>>> from sectigo_emulator import Emulator
>>> with Emulator() as emulator:
...     sandbox = emulator.sandbox()
...     order = sandbox.orders.create("code-signing")
...     sandbox.clock.advance(days=400)
...     sandbox.orders.get(order.order_number).state
Clock(...)
'expired'

`Emulator` starts the program on free ports, `connect` drives one that runs already, and a `Sandbox` has all that the
control API has: orders, accounts, clock, faults, calls, outbox, certificates, assumptions, snapshots. With pytest, the
fixtures `sectigo_emulator` and `sectigo` do the same.
"""

from sectigo_emulator._binary import BinaryNotFoundError, find_binary
from sectigo_emulator._control import ControlError, EmulatorError
from sectigo_emulator._emulator import Emulator, RunningEmulator, connect
from sectigo_emulator._sandbox import (
    Accounts,
    Assumptions,
    Calls,
    Certificates,
    Clocks,
    Faults,
    NotCalled,
    Orders,
    Outbox,
    Sandbox,
)
from sectigo_emulator._types import (
    Account,
    Argument,
    Call,
    CallLimit,
    Certificate,
    Clock,
    Difference,
    Extension,
    Fault,
    Mail,
    NearCall,
    Order,
    Push,
    Revocation,
    SandboxInfo,
    Then,
)

__all__ = [
    "Account",
    "Accounts",
    "Argument",
    "Assumptions",
    "BinaryNotFoundError",
    "Call",
    "CallLimit",
    "Calls",
    "Certificate",
    "Certificates",
    "Clock",
    "Clocks",
    "ControlError",
    "Difference",
    "Emulator",
    "EmulatorError",
    "Extension",
    "Fault",
    "Faults",
    "Mail",
    "NearCall",
    "NotCalled",
    "Order",
    "Orders",
    "Outbox",
    "Push",
    "Revocation",
    "RunningEmulator",
    "Sandbox",
    "SandboxInfo",
    "Then",
    "connect",
    "find_binary",
]

"""The classes have every field that the OpenAPI document has, and no other."""

import dataclasses
import inspect
import json
import re
import subprocess
import typing

import pytest

from sectigo_emulator import Emulator, _convert, _types, find_binary
from sectigo_emulator._convert import to_json_name
from sectigo_emulator._sandbox import Faults


@pytest.fixture(scope="module")
def schemas():
    done = subprocess.run([find_binary(), "openapi"], capture_output=True, check=True)
    return json.loads(done.stdout)["components"]["schemas"]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (_types.Account, "Account"),
        (_types.Argument, "CallArgument"),
        (_types.Call, "Call"),
        (_types.CallLimit, "CallLimitEntry"),
        (_types.Certificate, "Certificate"),
        (_types.Extension, "Extension"),
        (_types.Clock, "Clock"),
        (_types.Count, "Count"),
        (_types.Difference, "Differs"),
        (_types.Fault, "Fault"),
        (_types.Health, "Health"),
        (_types.Mail, "Mail"),
        (_types.NearCall, "Near"),
        (_types.Order, "OrderEntry"),
        (_types.Push, "PushEntry"),
        (_types.Revocation, "RevocationEntry"),
        (_types.SandboxInfo, "Sandbox"),
        (_types.Then, "ThenEntry"),
    ],
)
def test_a_dataclass_has_every_field(schemas, kind, schema):
    names = {to_json_name(field.name) for field in dataclasses.fields(kind)}
    assert names == set(schemas[schema]["properties"])
    # An answer may leave out what has a default, and that alone.
    required = {to_json_name(field.name) for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING}
    assert required <= set(schemas[schema].get("required", []))


@pytest.mark.parametrize(
    ("kind", "schema", "others"),
    [
        (_types.OrderFields, "NewOrder", {"product", "loginName"}),
        (_types.OrderChanges, "OrderPatch", set()),
        (_types.AccountFields, "AccountEntry", {"loginName", "loginPassword"}),
        (_types.AccountChanges, "AccountPatch", set()),
        (_types.CallFilter, "CountRequest", {"endpoint", "atLeast", "within"}),
    ],
)
def test_keyword_arguments_have_every_field(schemas, kind, schema, others):
    names = {to_json_name(name) for name in typing.get_type_hints(kind)}
    assert names | others == set(schemas[schema]["properties"])


def test_a_fault_is_added_with_every_field(schemas):
    _, *keywords = inspect.signature(Faults.add).parameters
    fields = [*schemas["ThenEntry"]["properties"], *schemas["FaultEntry"]["properties"]]
    assert sorted([*map(to_json_name, keywords), "then"]) == sorted(fields)


def test_every_option_of_an_emulator_is_described():
    # The table of the page about Python is made from this description.
    described = re.findall(r"^ {12}(\w+): ", Emulator.__init__.__doc__, re.MULTILINE)
    assert described == list(inspect.signature(Emulator).parameters)


@pytest.mark.parametrize("name", ["Product", "State", "SignatureHash", "IssuanceFailure", "Payment", "MailKind"])
def test_words_are_those_of_the_api(schemas, name):
    assert set(typing.get_args(getattr(_types, name))) == set(schemas[name]["enum"])


def test_the_other_words_are_those_of_the_api(schemas):
    assert set(typing.get_args(_types.Kind)) == set(schemas["CallKind"]["enum"])
    assert set(typing.get_args(_types.Disconnect)) == set(schemas["DisconnectEntry"]["enum"])


def test_the_fields_that_are_times_are_known(schemas):
    def named(kind):
        """The names of the fields that are of that kind, or lists of it."""
        fields = [field for schema in schemas.values() for field in schema.get("properties", {}).items()]
        ref = {"$ref": f"#/components/schemas/{kind}"}
        return {
            name
            for name, field in fields
            if any(ref.items() <= one.items() for one in [field, field.get("items", {}), *field.get("oneOf", [])])
        }

    assert named("When") == _convert.TIMES
    assert named("Span").isdisjoint(_convert.TIMES)

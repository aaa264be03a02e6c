"""Clients of botocore for the practice account, which hold each answer against the services' own models."""

import time
import xml.etree.ElementTree as xml

import botocore.session
from botocore.config import Config
from practice_cli import STEP, code

# Whatever is wrong is to reach the endpoint, once.
CONFIG = Config(parameter_validation=False, retries={"max_attempts": 0})


def client(practice, service, key, token=None):
    """A client with an access key: an entry of the ready line, or credentials as STS gives them out."""
    first = "accessKeyId" in key
    made = botocore.session.Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=practice.endpoint,
        aws_access_key_id=key["accessKeyId" if first else "AccessKeyId"],
        aws_secret_access_key=key["secretAccessKey" if first else "SecretAccessKey"],
        aws_session_token=token or key.get("SessionToken"),
        config=CONFIG,
    )
    made.meta.events.register(f"after-call.{service}", check_answer)
    return made


def check_answer(http_response, parsed, model, **_):
    """Nothing is in an answer that the model does not have, and nothing is missing that it demands."""
    if http_response.status_code != 200 or model.service_model.metadata["protocol"] != "query":
        return
    root = xml.fromstring(http_response.content)
    namespace = "{" + model.service_model.metadata["xmlNamespace"] + "}"
    assert root.tag == f"{namespace}{model.name}Response", root.tag
    result = root.find(f"{namespace}{model.name}Result")
    assert root.find(f"{namespace}ResponseMetadata/{namespace}RequestId").text
    if model.output_shape is None:
        assert result is None, model.name
    else:
        check_structure(result, model.output_shape, namespace)


def check_structure(element, shape, namespace):
    names = {child.tag.removeprefix(namespace) for child in element}
    assert names <= set(shape.members), f"{shape.name} has {names - set(shape.members)}"
    assert set(shape.required_members) <= names, f"{shape.name} lacks {set(shape.required_members) - names}"
    for child in element:
        member = shape.members[child.tag.removeprefix(namespace)]
        if member.type_name == "structure":
            check_structure(child, member, namespace)
        elif member.type_name == "list":
            for item in child:
                assert item.tag == f"{namespace}member", item.tag
                if member.member.type_name == "structure":
                    check_structure(item, member.member, namespace)
        elif member.type_name != "map":
            check_text(child.text or "", member)


def check_text(text, shape):
    if shape.type_name == "string":
        limits = shape.metadata
        assert limits.get("min", 0) <= len(text) <= limits.get("max", len(text)), f"{shape.name}: {text}"
        assert not limits.get("enum") or text in limits["enum"], f"{shape.name}: {text}"
    elif shape.type_name == "boolean":
        assert text in ("true", "false"), text


def codes(seed, step=None):
    """Two codes in a row, the second of which is now's."""
    step = int(time.time()) // STEP if step is None else step
    return code(seed, step - 1), code(seed, step)


def enrolled(iam, user, name):
    """A virtual device that is enabled: its serial number and seed."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    first, second = codes(seed)
    iam.enable_mfa_device(
        UserName=user, SerialNumber=device["SerialNumber"], AuthenticationCode1=first, AuthenticationCode2=second
    )
    return device["SerialNumber"], seed


def next_code(seed):
    """A code that the device has not used: that of the next step, which is taken as well."""
    return code(seed, int(time.time()) // STEP + 1)

"""The Helm chart: what it renders is valid Kubernetes, for any values its schema lets through.

Rendered by the real Helm engine and validated offline and strictly (a typo in a field fails). Custom resources
(HTTPRoute) have no schema there and are only checked to be well formed.
"""

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python import Chart, HelmValuesError, lint
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis_jsonschema import from_schema

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "vigie"
KUBERNETES = "1.34"
CUSTOM = {"HTTPRoute"}
SERVICES = {"access", "camera-registry", "incident", "dispatch", "retention", "stream-gateway"}


def rendered(values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    chart = Chart.load(str(CHART))
    chart.validate_schema(values)
    texts = chart.render(values, name="vigie", namespace="csu")
    return [document for text in texts.values() for document in yaml.safe_load_all(text) if document]


def test_lint_finds_nothing() -> None:
    report = lint(str(CHART), strict=True)
    worst = [message for message in report["messages"] if message["severity"] > 1]
    assert not report["errors"], report["errors"]
    assert not worst


def test_defaults_render_every_service_with_its_parts() -> None:
    documents = rendered()
    names = {(document["kind"], document["metadata"]["name"]) for document in documents}
    for service in SERVICES - {"stream-gateway"}:
        assert {("Deployment", f"vigie-{service}-{part}") for part in ("api", "worker", "relay")} <= names
    assert ("StatefulSet", "vigie-stream-gateway") in names
    assert {name for kind, name in names if kind == "Job"} == {f"vigie-{service}-migrate" for service in SERVICES}


def test_no_container_is_privileged_and_no_secret_stands_in_the_manifest() -> None:
    for document in rendered():
        template = document.get("spec", {}).get("template")
        if not isinstance(template, dict):
            continue
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            for variable in container.get("env", []):
                secret = any(word in variable["name"] for word in ("PASSWORD", "SECRET", "DATABASE_URL", "ACCESS_KEY"))
                assert not secret or "valueFrom" in variable, variable["name"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "UPPER CASE"},
        {"oidc": {"issuer": "http://clear.example.org"}},
        {"services": {"access": {"parts": {"api": -1}}}},
        {"unknown": True},
    ],
)
def test_values_outside_the_schema_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(HelmValuesError):
        rendered(wrong)


# No shrinking: a rendering takes half a second, and the first failing document already names its field.
@settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(from_schema(json.loads((CHART / "values.schema.json").read_text())))
def test_any_values_of_the_schema_render_to_valid_kubernetes(values: dict[str, Any]) -> None:
    for document in rendered(values):
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)

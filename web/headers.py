"""The headers of every page: what a browser may load, run, keep and tell."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, Response, g, request
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
)

_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What a kind of page is allowed beyond the rule for all."""

    camera: bool = False
    referrer: bool = True


PAGE = Policy()
SCANNER = Policy(camera=True)
"""The till: the camera, and the decoder's WebAssembly."""

PRIVATE_LINK = Policy(referrer=False)
"""A page whose address is a secret: it is told to nobody."""

FILE = "sandbox; default-src 'none'"
"""The content policy of uploaded pictures: they load nothing and run nothing."""

_BY_BLUEPRINT = {"member": PRIVATE_LINK}


def use(policy: Policy) -> None:
    """Answer the present request under *policy*."""
    g.headers_policy = policy


def register(app: Flask, *, https: bool) -> None:
    """Put the headers on every answer of the site."""
    built = {
        policy: _headers(policy, https=https)
        for policy in (PAGE, SCANNER, PRIVATE_LINK)
    }

    @app.after_request
    def add(response: Response) -> Response:
        usual = _BY_BLUEPRINT.get(request.blueprint or "", PAGE)
        for name, value in built[g.get("headers_policy", usual)].items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _headers(policy: Policy, *, https: bool) -> Mapping[str, str]:
    hsts = StrictTransportSecurity().max_age(_YEAR) if https else None
    referrer = ReferrerPolicy()
    return Secure(
        csp=_content(policy),
        coop=CrossOriginOpenerPolicy().same_origin(),
        hsts=hsts,
        permissions=_permissions(policy),
        referrer=(
            referrer.strict_origin_when_cross_origin()
            if policy.referrer
            else referrer.no_referrer()
        ),
        xcto=XContentTypeOptions().nosniff(),
    ).headers


def _content(policy: Policy) -> ContentSecurityPolicy:
    scripts = ("'self'", "'wasm-unsafe-eval'") if policy.camera else ("'self'",)
    return (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src(*scripts)
        .style_src("'self'")
        .img_src("'self'", "data:", "blob:")
        .connect_src("'self'")
        .media_src("'self'", "blob:")
        .worker_src("'self'")
        .manifest_src("'self'")
        .form_action("'self'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
        .object_src("'none'")
    )


def _permissions(policy: Policy) -> PermissionsPolicy:
    camera = ("self",) if policy.camera else ()
    permissions = PermissionsPolicy().camera(*camera)
    return permissions.microphone().geolocation().payment().usb()

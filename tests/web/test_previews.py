from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web import previews

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
STRINGS = {
    "points": "Points",
    "tier": "Palier",
    "told": "Vous avez maintenant %@ points.",
}


def pass_json(points: int = 340, **changes: Any) -> dict[str, Any]:
    return {
        "organizationName": "Café Lumière",
        "description": "Carte de fidélité",
        "backgroundColor": "rgb(91, 52, 35)",
        "foregroundColor": "rgb(255, 244, 230)",
        "labelColor": "rgb(233, 195, 155)",
        "storeCard": {
            "headerFields": [
                {
                    "key": "points",
                    "label": "points",
                    "value": points,
                    "changeMessage": "told",
                }
            ],
            "secondaryFields": [{"key": "tier", "label": "tier", "value": "Habitué"}],
            "auxiliaryFields": [],
            "backFields": [],
        },
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": "L1.ABC",
                "messageEncoding": "iso-8859-1",
                "altText": "7F3K9",
            }
        ],
    } | changes


def read(source: dict[str, Any], locale: str = "fr") -> previews.PassView:
    return previews.card(source, STRINGS, previews.Images(), locale=locale, at=NOW)


def with_field(group: str, **field: Any) -> dict[str, Any]:
    return pass_json(storeCard={group: [{"key": "k", "label": "l"} | field]})


def test_labels_are_read_in_the_language_of_the_phone() -> None:
    view = read(pass_json())

    assert [field.label for field in view.header + view.row] == ["Points", "Palier"]


@pytest.mark.parametrize(
    ("locale", "expected"), [("fr", "12\u202f345"), ("en", "12,345")]
)
def test_numbers_are_written_as_the_phone_writes_them(
    locale: str, expected: str
) -> None:
    assert read(pass_json(12_345), locale).header[0].value == expected


def test_money_is_written_with_its_currency() -> None:
    source = with_field("headerFields", value=12.5, currencyCode="EUR")

    assert read(source).header[0].value == "12,50\u00a0€"


def test_a_date_is_written_in_the_asked_style() -> None:
    source = with_field(
        "secondaryFields",
        value="2026-12-31T00:00:00+01:00",
        dateStyle="PKDateStyleMedium",
    )

    assert read(source).row[0].value == "31 déc. 2026"


def test_the_colours_of_a_pass_become_those_of_a_page() -> None:
    view = read(pass_json())

    assert (view.background, view.foreground, view.label) == (
        "#5b3423",
        "#fff4e6",
        "#e9c39b",
    )


@pytest.mark.parametrize(
    "text", [None, "", "red", "rgb(300, 0, 0)", "rgb(1,2,3);}", "#12"]
)
def test_what_is_no_colour_leaves_the_default(text: str | None) -> None:
    assert previews.colour(text, "#ffffff") == "#ffffff"


def test_a_fifth_field_of_the_row_is_left_out_as_the_wallet_does() -> None:
    fields = [{"key": str(number), "value": number} for number in range(5)]
    source = pass_json(
        storeCard={"secondaryFields": fields[:3], "auxiliaryFields": fields[3:]}
    )

    assert [field.key for field in read(source).row] == ["0", "1", "2", "3"]


def test_a_voided_card_is_dead() -> None:
    assert read(pass_json(voided=True)).dead


def test_a_card_is_dead_from_the_moment_it_expires() -> None:
    assert read(pass_json(expirationDate=NOW.isoformat())).dead
    assert not read(
        pass_json(expirationDate=(NOW + timedelta(minutes=1)).isoformat())
    ).dead


def test_a_link_on_the_back_stays_a_link() -> None:
    source = with_field(
        "backFields", value="x", attributedValue="<a href='https://a.example/'>A</a>"
    )

    assert (
        read(source).back[0].link
        == '<a href="https://a.example/" rel="noopener noreferrer">A</a>'
    )


@pytest.mark.parametrize(
    "html",
    [
        "<a href='javascript:alert(1)'>A</a>",
        "<script>alert(1)</script>",
        "<a onclick='x()'>A</a>",
    ],
)
def test_nothing_but_links_comes_through_from_the_back(html: str) -> None:
    link = read(with_field("backFields", value="x", attributedValue=html)).back[0].link

    assert link is not None
    assert "alert" not in link
    assert "onclick" not in link


def test_one_change_is_told_in_its_own_words() -> None:
    after = pass_json(370)

    told = previews.notification(read(pass_json(340)), read(after), after, STRINGS)

    assert told == "Vous avez maintenant 370 points."


def test_several_changes_are_told_without_words() -> None:
    def source(points: int) -> dict[str, Any]:
        fields = [
            {"key": key, "value": points, "changeMessage": "told"} for key in "ab"
        ]
        return pass_json(storeCard={"headerFields": fields})

    assert (
        previews.notification(read(source(1)), read(source(2)), source(2), STRINGS)
        == ""
    )


def test_a_change_without_a_message_is_not_told() -> None:
    after = pass_json()
    after["storeCard"]["secondaryFields"][0]["value"] = "Ami"

    assert previews.notification(read(pass_json()), read(after), after, STRINGS) is None

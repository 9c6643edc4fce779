"""Cards over the API."""

from tests.web.api.callers import Till


def test_a_purchase_gives_points(till: Till) -> None:
    answer = till.earn("12.50", receipt="A-1")

    assert answer.status_code == 201
    told = answer.get_json()
    assert told["purchase"]["amount"] == "12.50"
    assert [entry["points"] for entry in told["entries"]] == [12]
    assert told["card"]["points"] == 12

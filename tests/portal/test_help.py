"""Help, the guide to publishing, and what the portal says to those who are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.web.portal.i18n import words
from estran.web.portal.lost import words_of
from estran.web.portal.publishing import ENDS, QUESTIONS
from tests.portal.html import Html

if TYPE_CHECKING:
    from tests.portal.conftest import Ids
    from tests.web.client import Client

HTML = "text/html"
ANSWERS = ["what=data", "bound=no", "earth=yes", "hub=ocean", "shape=finished", "size=small", "access=open"]


def page(client: Client, path: str, status: int = 200) -> Html:
    answer = client.get(path, HTML)
    assert answer.status_code == status
    return Html(answer.text)


def hrefs(html: Html, css: str) -> list[str]:
    """The addresses in the list of a class."""
    return [a["href"] for a in html.all("a") if any(css in e.get("class").split() for e in a.parents)]


def test_the_guide_asks_one_question_after_the_other_and_ends_at_the_centres(client: Client):
    address, met = "/en/publish", []
    for answer in ANSWERS:
        html = page(client, address)
        met.append(html.one("h2", id="question-title").text)
        address = next(
            href for href in hrefs(html, "choices") if href.rpartition("&")[2].rpartition("?")[2] == answer
        )
    assert len(set(met)) == len(ANSWERS)
    assert address == f"/en/publish?{'&'.join(ANSWERS)}"
    html = page(client, address)
    assert html.one("h2", id="outcome-title").text == "Centres that keep data of this kind"
    assert hrefs(html, "centres")[0] == "/en/centres/coriolis"
    assert html.one("h2", id="prepare-title")
    assert page(client, "/en/hubs/ocean")
    assert "/en/hubs/ocean" in {a["href"] for a in html.all("a")}
    assert {a["href"] for a in html.all("a")} >= {
        "https://www.re3data.org/",
        "https://fairsharing.org/databases/",
    }
    assert len(html.all("dl", class_="answers")) == 1


def test_an_answer_can_be_taken_back_and_nonsense_is_asked_anew(client: Client):
    html = page(client, "/fr/publish?what=data&bound=no&earth=yes")
    back = [a["href"] for a in html.all("a", class_="meta")]
    assert back == ["/fr/publish", "/fr/publish?what=data", "/fr/publish?what=data&bound=no"]
    html = page(client, "/fr/publish?what=%3Cscript%3E&earth=no")
    assert html.one("h2", id="question-title").text == "Que voulez-vous publier\u202f?"
    assert len(html.all("script")) == len(page(client, "/fr/publish").all("script"))


@pytest.mark.parametrize(
    "asked", ["what=code", "what=text", "what=data&bound=yes", "what=data&bound=no&earth=no"]
)
def test_some_answers_end_the_guide_early(client: Client, asked: str):
    body = client.get(f"/en/publish.json?{asked}").json()
    assert "question" not in body
    assert "centres" not in body["outcome"]
    assert body["outcome"]["places"]


def test_what_is_large_sensitive_or_unsure_brings_advice(client: Client):
    path = "/en/publish.json?what=data&bound=unsure&earth=yes&hub=several&shape=growing&size=large&access=sensitive"
    outcome = client.get(path).json()["outcome"]
    assert len(outcome["advice"]) == 4
    assert len(outcome["centres"]) == 12


def test_a_hub_without_a_centre_leads_to_the_directories(client: Client):
    path = "/en/publish.json?what=data&bound=no&earth=yes&hub=own-hub&shape=finished&size=small&access=open"
    assert [c["name"] for c in client.get(path).json()["outcome"]["centres"]] == ["Ice <centre>"]
    path = path.replace("own-hub", "biodiversity")
    assert client.get(path).json()["outcome"]["title"] == "A trusted repository in general"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_question_and_answer_has_words(language: str):
    table = words(language).table
    needed = {f"question.{name}" for name in QUESTIONS} | {f"question.{name}_why" for name in QUESTIONS}
    needed |= {f"answer.{name}_{value}" for name, values in QUESTIONS.items() for value in values}
    needed |= {f"publishing.{end}{part}" for end in (*ENDS.values(), "here") for part in ("", "_text")}
    assert needed <= set(table)


def test_the_help_lists_the_keys(client: Client):
    html = page(client, "/en/help")
    assert {"Tab", "Esc", "Enter", "+"} <= {k.text for k in html.all("kbd")}
    assert {"/en/publish", "/en/api", "/en/accessibility"} <= {a["href"] for a in html.all("a")}
    assert client.get("/fr/help.json").json()["parts"][0]["title"] == "Trouver"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/en/data/water-temperature-of-nowhere-0123456789", "water temperature of nowhere"),
        ("/fr/data/x/items/S2A_MSIL1C.json", "s2a msil1c"), ("/en/", ""), ("/", ""), ("/en/data/12-34", ""),
        ("/oceans/caf%C3%A9", "café"),
    ],
)  # fmt: skip
def test_the_words_of_an_address(path: str, said: str):
    assert words_of(path) == said


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/en/data/water-temperature-bay-of-brest-0000000000", "/en/data/{rich}"),
        ("/en/data/temperature-of-nowhere", "/en/data/{rich}"),
        ("/fr/data/10.12770/abc-def", "/fr/data/{rich}"),
        ("/en/centres/coriolys", "/en/centres/coriolis"),
        ("/en/serach", "/en/search"), ("/en/hub", "/en/hubs"), ("/fr/aide-help", "/fr/help"),
    ],
)  # fmt: skip
def test_who_is_lost_is_shown_what_may_have_been_meant(client: Client, ids: Ids, path: str, near: str):
    answer = client.get(path, HTML)
    assert answer.status_code == 404
    section = answer.text.partition('id="near-title"')[2].partition("</section>")[0]
    assert f'href="{near.format(rich=ids.rich)}"' in section


def test_pages_of_problems_offer_a_search_and_no_stack(client: Client):
    for path in ("/en/data/nothing-like-this", "/fr/%3Cscript%3E", "/en/data/x/items?from=2024-02-30"):
        answer = client.get(path, HTML)
        html = Html(answer.text)
        assert html.one("form", role="search")["action"].endswith("/search")
        assert {a["href"][4:] for a in html.all("a")} >= {"help", "search"}
        assert "Traceback" not in answer.text
        assert "<script>" not in answer.text.replace('<script type="importmap">', "")


def test_what_is_restricted_is_not_named_to_who_is_lost(item_client: Client, records: dict[str, str]):
    """The likenesses are looked for as whoever asks."""
    shown = item_client.get("/en/data/secret", HTML).text
    assert not [id_ for name, id_ in records.items() if name == "secret" and f"/data/{id_}" in shown]

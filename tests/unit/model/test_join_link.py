"""Where a server is, as people write it."""

import pytest

from chatapp.model.join_link import BAD_HOST, BAD_PIN, BAD_PORT, JoinLink, parse_join_link

PIN = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("localhost", JoinLink("localhost")),
        ("localhost:4001", JoinLink("localhost", 4001)),
        ("lab_server.local.", JoinLink("lab_server.local.")),
        ("müller.example", JoinLink("müller.example")),
        ("192.0.2.7", JoinLink("192.0.2.7")),
        ("192.0.2.7:1024", JoinLink("192.0.2.7", 1024)),
        ("::1", JoinLink("::1")),
        ("fe80::1%eth0", JoinLink("fe80::1%eth0")),
        ("[::1]", JoinLink("::1")),
        ("[::1]:65535", JoinLink("::1", 65535)),
        ("host:4000/", JoinLink("host")),
        (f"host:4001/#{PIN}", JoinLink("host", 4001, PIN)),
        (f"host/#{PIN.upper()}", JoinLink("host", 4000, PIN)),
        (f"[::1]:4001/#{PIN}", JoinLink("::1", 4001, PIN)),
        (f"host:4001/#{PIN}.an-invitation_", JoinLink("host", 4001, PIN)),
    ],
)
def test_reads(text: str, link: JoinLink) -> None:
    assert parse_join_link(text) == link


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (
            ["", ".", "a..b", "-a", "a-", "a b", "a" * 64, "a/b", "[::1", "[host]:4000", "http://host", "\udcff"],
            BAD_HOST,
        ),
        (["1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1::2::3", "x:y:z"], BAD_HOST),
        (["h:", "h:0", "h:1023", "h:65536", "h:4000a", "h:-1", "h:+4000", "h:٤٠٠٠", "h:04000000"], BAD_PORT),
        ([f"host:4000/#{key}" for key in ("", "12", PIN + "0", "g" * 64, ".invitation")], BAD_PIN),
    ],
)
def test_refuses(texts: list[str], fault: str) -> None:
    for text in texts:
        with pytest.raises(ValueError) as refusal:  # noqa: PT011 (its text is what is compared)
            parse_join_link(text)
        assert (text, str(refusal.value)) == (text, fault)

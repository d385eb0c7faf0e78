"""A name server on loopback that knows a few TXT records."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def name_server(records: Mapping[str, str]) -> Iterator[str]:
    """Answer TXT questions from `records` until the end of the block; yields HOST:PORT. Other names do not exist."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        answering = threading.Thread(target=_answer, args=(server, records), daemon=True)
        answering.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _answer(server: socket.socket, records: Mapping[str, str]) -> None:
    while True:
        try:
            asked, sender = server.recvfrom(4096)
        except OSError:
            return
        query = dns.message.from_wire(asked)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name = query.question[0].name
        text = records.get(name.to_text(omit_final_dot=True).lower())
        if text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{text}"'))
        server.sendto(answer.to_wire(), sender)

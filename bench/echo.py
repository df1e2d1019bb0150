"""The limit of a request that is only read and answered: raw ASGI, one typed decoding, one encoding, no database."""

import json
import sys
from pathlib import Path

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send

from guerdon.families.redeemables.answers import Validated
from guerdon.families.redeemables.request import Request


def main(port: int, answer_file: str) -> None:
    answer = msgspec.convert(json.loads(Path(answer_file).read_bytes()), Validated)
    decoder = msgspec.json.Decoder(Request)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        decoder.decode(body)
        content = msgspec.json.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", log_level="error", lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

"""The phones: what people do inside WeChat, done at the stand-in's controls."""

from typing import Any

import requests

from .client import TIMEOUT_SECONDS, JourneyError

# The one subscribe-message template that the stand-in knows of a trial brand.
TEMPLATE = "standin-presale-opened"


class Standin:
    def __init__(self, url: str, account: int):
        self.url = url.rstrip("/")
        # How the stand-in numbers its published test accounts.
        self.appid = f"wx{account:016x}"
        self.mchid = str(1_900_000_000 + account)

    def login_code(self, openid: str) -> str:
        return self._post("login_code", appid=self.appid, openid=openid)["code"]

    def accept_message(self, openid: str) -> None:
        self._post("accept_subscribe", appid=self.appid, openid=openid, template_id=TEMPLATE)

    def pay(self, openid: str, params: dict[str, str]) -> str:
        """Confirms the payment; the transaction's id. The server hears of it by a notification."""
        return self._post("pay", openid=openid, **params)["transaction_id"]

    def settle(self) -> None:
        """Waits until no notification is on its way."""
        self._post("settle")

    def sent_messages(self) -> list[dict[str, Any]]:
        return self._post("sent_messages", appid=self.appid)

    def books(self) -> dict[str, list[dict[str, Any]]]:
        """What WeChat Pay has recorded for the brand: transactions and refunds."""
        return self._post("books", mchid=self.mchid)

    def _post(self, control: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_standin/{control}", json=body, timeout=TIMEOUT_SECONDS)
        if not answer.ok:
            raise JourneyError(f"the stand-in's {control} answered {answer.status_code}: {answer.text}")
        return answer.json()

"""The simulated shop is a client like any other: it posts, carries on while nobody answers, and forgets nothing."""

import random

import pytest
from pytest_django.live_server_helper import LiveServer

from campaigns.api.authentication import make_key
from campaigns.models import Customer, Event, Order
from microattentions.demo.simulated_shop import RefusedKeyError, SimulatedShop
from microattentions.up.broker import free_port
from tests import cast


@pytest.fixture
def shop(live_server: LiveServer) -> SimulatedShop:
    cast.shop()
    _row, key = make_key("Simulated shop", ["ingest"])
    return SimulatedShop(live_server.url, key, customers=20, chance=random.Random(7))


def test_shop_sells_ships_and_delivers(shop: SimulatedShop) -> None:
    assert all(shop.play_round() for _ in range(60))

    assert Order.objects.filter(status="delivered", delivered_at__isnull=False).count() > 3
    assert Event.objects.filter(name="purchase").count() == Order.objects.count()
    assert Customer.objects.filter(signed_up_at__isnull=False, email_marketing=True).exists()


def test_shop_posts_later_what_nobody_took(shop: SimulatedShop) -> None:
    address = shop._url
    shop._url = f"http://127.0.0.1:{free_port()}/api/v1/batch"
    assert not any(shop.play_round() for _ in range(20))
    assert not Event.objects.exists()

    shop._url = address
    assert shop.play_round()
    assert Event.objects.count() > 10


def test_shop_with_a_refused_key_gives_up(live_server: LiveServer) -> None:
    with pytest.raises(RefusedKeyError):
        SimulatedShop(live_server.url, "ma_wrong", customers=20).play_round()

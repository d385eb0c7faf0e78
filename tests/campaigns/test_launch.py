"""An edit voids an approval wherever it is made."""

from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign, GestureTemplate, Variant
from tests.campaigns.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.campaigns.api.test_designs import designed  # noqa: F401 - a fixture


def test_edit_in_the_studio_pauses_a_running_campaign(designed: Api) -> None:  # noqa: F811
    designed.post("campaigns/care/approve")
    designed.post("campaigns/care/launch")
    editor = Client()
    superuser = User.objects.create_superuser("editor", "editor@boutique.test", "x")
    editor.force_login(superuser, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/studio/campaigns/gesturetemplate/{GestureTemplate.objects.get().pk}/change/"
    page = editor.get(address)
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {field.html_name: field.value() for form in forms for field in form if field.value() not in (None, False)}
    data[next(name for name in data if name.endswith("-subject"))] = "Alors, ce thé ?"
    assert editor.post(address, data).status_code == 302
    assert Variant.objects.get().subject == "Alors, ce thé ?"
    assert Campaign.objects.get().status == Campaign.Status.PAUSED

"""The figures of a check page, signed into its form: a click on Send need not count again.

For large lists, where counting takes longer than a click may. A worker compares what was seen
with whom it freezes.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core import signing

from ..compose.previews import Preview
from ..models import Campaign
from ..rules.compliance import Finding

SALT = "octopush_django.check"
OLDEST = timedelta(hours=1)
"""Age from which on people are counted again: who looked so long ago has seen another list."""
KEPT = ("count", "exclusions", "requests", "fingerprint")


def seal(campaign: Campaign, preview: Preview) -> str:
    """What was counted for a draft, as a text that only this site can have made."""
    kept: dict[str, Any] = {name: getattr(preview, name) for name in KEPT}
    kept["campaign"] = campaign.pk
    kept["histogram"] = list(preview.histogram.items())
    kept["findings"] = [
        asdict(finding) | {"message": str(finding.message)} for finding in preview.findings
    ]
    return signing.dumps(kept, salt=SALT, compress=True)


def unseal(campaign: Campaign, text: str) -> Preview | None:
    """The preview of ``campaign`` that was sealed lately; None for anything else."""
    try:
        kept = signing.loads(text, salt=SALT, max_age=OLDEST)
    except signing.BadSignature:
        return None
    if kept.pop("campaign") != campaign.pk:
        return None
    histogram = dict(kept.pop("histogram"))
    findings = [Finding(**finding) for finding in kept.pop("findings")]
    return Preview(**kept, histogram=histogram, findings=findings, price=None)

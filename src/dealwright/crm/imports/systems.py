"""How exports of the products that people come from look."""

from dealwright.base.transfer.systems import OtherSystem

SYSTEMS = (
    OtherSystem(
        key="salesforce",
        ids=r"(?:001|003|005|006|00Q|00T|00U|01t|500|701)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?",
        written=r"(?:IsDeleted|SystemModstamp|CreatedById|LastModifiedById|OwnerId|StageName)$",
    ),
    OtherSystem(key="zoho", ids=r"zcrm_\d+"),
    OtherSystem(
        key="pipedrive",
        headers=r".*pipedrivesystemid",
        written=r"(?i)(?:deal|person|organi[sz]ation|lead|activity|product|note) - ",
    ),
    OtherSystem(
        key="hubspot",
        headers=r"recordid|(?:primary)?associated(?:company|contact|deal|ticket)(?:ids?)?(?:primary)?",
        written=r"(?:hs|hubspot)_",
    ),
)

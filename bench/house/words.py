"""The words that the company's texts are made of."""


def _words(text: str) -> list[str]:
    return text.split()


ADJECTIVES = _words(
    """
    Amber Arctic Atlas Azure Birch Blue Bright Cedar Cobalt Copper Coral Crystal Delta Eagle
    Ember Evergreen Falcon Forest Frontier Golden Granite Harbor Highland Indigo Iron Ivory
    Jade Lunar Maple Meridian Northern Oak Onyx Pacific Pioneer Quartz Red River Royal Sable
    Silver Solar Southern Sterling Summit Swift Timber Union Velvet Western
    """
)
NOUNS = _words(
    """
    Analytics Appliances Aviation Bakery Biotech Brewing Builders Capital Ceramics Chemicals
    Clinics Clothing Components Dental Design Dynamics Electric Energy Engineering Finance
    Foods Freight Furniture Gardens Glass Health Hotels Instruments Insurance Labs Logistics
    Machines Marine Media Metals Mining Motors Networks Optics Packaging Paper Pharma Plastics
    Power Press Robotics Software Steel Systems Textiles Tools Trading Transport Water
    """
)
FORMS = ["Ltd", "GmbH", "Inc", "SA", "AB", "BV", "LLC", "plc"]
INDUSTRIES = _words(
    """
    Retail Transportation Machinery Healthcare Energy Apparel Media Electronics Finance
    Education Hospitality Government
    """
)
COUNTRIES = _words("US US US GB DE DE FR NL SE ES IT PL CA AU")
CITIES = _words(
    """
    Amsterdam Austin Berlin Boston Chicago Denver Hamburg Leeds London Lyon Madrid Milan
    Munich Oslo Paris Porto Seattle Stockholm Sydney Toronto Utrecht Vienna Warsaw Zurich
    """
)
GIVEN = _words(
    """
    Aaron Ada Alice Amara Anna Ben Bruno Carla Chloe Clara Daniel David Dmitri Elena Elif Emil
    Emma Erik Eva Farid Fiona Frank Greta Hana Hugo Ida Igor Ines Jan Jonas Julia Karl Kofi
    Laura Lena Leo Lina Lukas Maria Marta Max Mia Milan Nadia Nina Noah Olga Oscar Paul Petra
    Priya Rosa Samir Sara Simon Sofia Tom Vera Viktor Yuki Zoe
    """
)
FAMILY = _words(
    """
    Adams Albrecht Andersen Baker Bauer Becker Bianchi Brandt Brown Carter Chen Clark Costa
    Cruz Diaz Dubois Evans Fabre Fischer Garcia Green Haddad Hansen Herrera Hill Holm Huber
    Ivanov Jensen Johnson Jones Kaya Keller King Klein Kowalski Kumar Larsen Lee Lindqvist
    Lopez Martin Mensah Meyer Moreau Murphy Nakamura Novak Nunez Orlov Osei Patel Petit Ramos
    Raman Rossi Sato Schmidt Silva Singh Smith Svensson Taylor Thomas Vogel Walker Wang Weber
    Whitlock Wilson Wright Young
    """
)
TITLES = _words(
    """
    Buyer Controller Director Engineer Head Lead Manager Officer Owner President Specialist
    Supervisor
    """
)
DEALS = _words(
    """
    Expansion Licences Maintenance Migration Pilot Platform Renewal Rollout Services Support
    Training Upgrade
    """
)
SUBJECTS = _words(
    """
    Budget Contract Delivery Demo Discovery Integration Introduction Kick-off Offer Pricing
    Proposal Questions Reference Review Roadmap Security Status Timeline
    """
)
NEXT_STEPS = ["", "", "Send offer", "Call back", "Meet the board", "Wait for budget"]
SOURCES = ["Web", "Referral", "Partner", "Event", "Outbound", ""]
KINDS = ["task"] * 5 + ["call"] * 6 + ["email"] * 6 + ["meeting"] * 2 + ["note"]

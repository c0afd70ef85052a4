# ruff: noqa: E501 - rows of tables are as long as they are
"""Small exports as Salesforce, HubSpot and Pipedrive write them, made up row by row."""

from __future__ import annotations

from pathlib import Path

SALESFORCE = {
    "Account.csv": """\
Id,IsDeleted,Name,Type,ParentId,BillingStreet,BillingCity,BillingState,BillingPostalCode,\
BillingCountry,Phone,Website,Industry,AnnualRevenue,NumberOfEmployees,Description,Rating,OwnerId,\
CreatedDate,SystemModstamp,AccountSource,YearStarted
001Ab00000Q1aAAAAZ,0,Northwind GmbH,Customer - Direct,,Lindenweg 4,Berlin,BE,10115,Germany,\
+49 30 123456,https://northwind.example,Software,1250000,120,,Hot,005Ab000000U1aAIAS,\
2026-01-05T09:00:00.000Z,2026-06-01T09:00:00.000Z,Web,1984
001Ab00000Q1aaAAAZ,0,Northwind Labs,Technology Partner,001Ab00000Q1aAAAAZ,,Hamburg,,,Germany,,,\
Software,,12,,,005Ab000000U1aAIAS,2026-01-06T09:00:00.000Z,2026-06-01T09:00:00.000Z,,2011
""",
    "Contact.csv": """\
Id,IsDeleted,AccountId,LastName,FirstName,Salutation,Name,MailingStreet,MailingCity,MailingState,\
MailingPostalCode,MailingCountry,Phone,MobilePhone,ReportsToId,Email,Title,Department,LeadSource,\
Birthdate,OwnerId,HasOptedOutOfEmail,DoNotCall,CreatedDate
003Ab00000P1aAAAAZ,0,001Ab00000Q1aAAAAZ,Byron,Ada,Ms.,Ada Byron,,Berlin,,,Germany,,+49 151 2345678,,\
ada@northwind.example,CTO,IT,Web,1985-12-10,005Ab000000U1aAIAS,0,0,2026-01-05T09:00:00.000Z
003Ab00000P1aaAAAZ,0,001Ab00000Q1aaAAAZ,Babbage,Charles,,Charles Babbage,,,,,,,,003Ab00000P1aAAAAZ,\
charles@labs.example,Engineer,,,,005Ab000000U1aAIAS,1,0,2026-01-05T09:00:00.000Z
""",
    "Lead.csv": """\
Id,IsDeleted,LastName,FirstName,Name,Title,Company,Phone,Email,Description,LeadSource,Status,Rating,\
OwnerId,IsConverted,CreatedDate
00QAb00000L1aAAAAZ,0,Hopper,Grace,Grace Hopper,Admiral,Cobol Works,,grace@cobol.example,Wants a demo,\
Trade Show,Open - Not Contacted,Warm,005Ab000000U1aAIAS,0,2026-05-05T09:00:00.000Z
""",
    "Opportunity.csv": """\
Id,IsDeleted,AccountId,Name,Description,StageName,Amount,Probability,CloseDate,Type,NextStep,\
LeadSource,IsClosed,IsWon,ForecastCategoryName,OwnerId,CreatedDate
006Ab00000O1aAAAAZ,0,001Ab00000Q1aAAAAZ,Platform 2026,,Closed Won,48000.0,100,2026-03-31,\
New Customer,,Web,1,1,Closed,005Ab000000U1aAIAS,2026-01-05T09:00:00.000Z
006Ab00000O1aaAAAZ,0,001Ab00000Q1aAAAAZ,Renewal 2027,,Proposal/Price Quote,52000.0,75,2027-03-31,\
Existing Customer - Upgrade,Send quote,,0,0,Best Case,005Ab000000U1aAIAS,2026-06-05T09:00:00.000Z
006Ab00000O1bAAAAZ,0,001Ab00000Q1aaAAAZ,Pilot,,Prospecting,,10,2027-01-31,,,,0,0,Pipeline,\
005Ab000000U1aAIAS,2026-06-05T09:00:00.000Z
""",
    "Product2.csv": """\
Id,Name,ProductCode,Description,IsActive,CreatedDate,Family,QuantityUnitOfMeasure
01tAb00000R1aAAAAZ,Core platform,CORE-1,The platform,1,2026-01-05T09:00:00.000Z,Software,Seat
""",
    "Task.csv": """\
Id,WhoId,WhatId,Subject,ActivityDate,Status,Priority,OwnerId,Description,IsClosed,TaskSubtype,\
CallDurationInSeconds,CallType
00TAb00000T1aAAAAZ,003Ab00000P1aAAAAZ,006Ab00000O1aaAAAZ,Send quote,2026-12-01,Not Started,High,\
005Ab000000U1aAIAS,,0,Task,,
00TAb00000T1aaAAAZ,00QAb00000L1aAAAAZ,,Call Grace,2026-06-06,Completed,Normal,005Ab000000U1aAIAS,\
Left a message,1,Call,65,Outbound
00TAb00000T1bAAAAZ,,001Ab00000Q1aaAAAZ,Prepare pilot,2026-12-02,In Progress,Low,\
005Ab000000U1aAIAS,,0,Task,,
""",
    "User.csv": """\
Id,Username,LastName,FirstName,Name,Title,Email,IsActive,UserRoleId,ProfileId
005Ab000000U1aAIAS,rita@ours.example.sf,Vogel,Rita,Rita Vogel,Account executive,rita@ours.example,1,,
""",
}

HUBSPOT = {
    "hubspot-crm-exports-all-deals-2026-11-24.csv": """\
Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Deal owner,Amount,Deal Type,Deal probability,\
Create Date,Last Activity Date,Next step,Forecast category,Associated Contact,Associated Contact IDs,\
Associated Company,Associated Company IDs,Associated Company (Primary),\
Associated Company IDs (Primary)
7001,Bluebay platform,Closed won (Sales Pipeline),Sales Pipeline,2026-03-31 17:00,Rita Vogel,15000,\
newbusiness,1.0,2026-01-05 09:00,2026-03-30 09:00,,Closed won,Priya Rao,8001;8002,Bluebay,9001,\
Bluebay,9001
7002,Harbour pilot,appointmentscheduled,Sales Pipeline,2027-02-28 17:00,Rita Vogel,9000,\
existingbusiness,0.2,2026-06-05 09:00,,Call Ben,Pipeline,Ben Ito,8002,Harbour Games,9002,Harbour Games,\
9002
""",
    "hubspot-crm-exports-all-companies-2026-11-24.csv": """\
Record ID,Company name,Company Domain Name,Company owner,Create Date,Phone Number,City,\
Country/Region,Industry,Number of Employees,Annual Revenue,Year Founded,Lifecycle Stage,Type,\
Website URL,Street Address,State/Region,Postal Code,Last Activity Date,LinkedIn Company Page
9001,Bluebay,bluebay.example,Rita Vogel,2026-01-05 09:00,,Lisbon,Portugal,COMPUTER_SOFTWARE,80,\
4000000,2004,customer,PROSPECT,bluebay.example,Rua 1,,1000-001,2026-03-30 09:00,
9002,Harbour Games,harbour.example,,2026-01-05 09:00,,Osaka,Japan,COMPUTER_GAMES,15,,2019,\
marketingqualifiedlead,RESELLER,harbour.example,,,,,
""",
    "hubspot-crm-exports-all-contacts-2026-11-24.csv": """\
Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Marketing contact status,\
Create Date,Job Title,Lifecycle Stage,Mobile Phone Number,Associated Company,Associated Company IDs
8001,Priya,Rao,priya@bluebay.example,,Rita Vogel,OPEN_DEAL,,2026-01-05 09:00,Head of Product,customer,,\
Bluebay,9001
8002,Ben,Ito,ben@harbour.example,,Rita Vogel,,,2026-01-05 09:00,CEO,salesqualifiedlead,,Harbour Games,\
9002
8003,Lone,Wolf,lone@wolf.example,,,,,2026-01-05 09:00,,lead,,Bluebay,9999
""",
    "hubspot-crm-exports-tasks-2026-11-24.csv": """\
Record ID,Task Title,Task Type,Task Status,Priority,Due Date,Assigned to,Task Notes,\
Associated Contact IDs,Associated Company IDs,Associated Deal IDs
6001,Call Ben,CALL,NOT_STARTED,HIGH,2026-12-01 10:00,Rita Vogel,About the pilot,8002,9002,7002
6002,Thank Priya,TODO,COMPLETED,NONE,2026-04-01 10:00,Rita Vogel,,8001,9001,7001
""",
    "hubspot-crm-exports-products-2026-11-24.csv": """\
Record ID,Name,SKU,Unit price,Unit cost,Product description,Billing frequency,Create Date
5001,Platform seat,SEAT-1,120,30,One seat,monthly,2026-01-05 09:00
""",
}

PIPEDRIVE = {
    "deals-1.csv": """\
Deal - ID,Deal - Title,Deal - Creator,Deal - Owner,Deal - Value,Deal - Currency of Value,\
Deal - Weighted value,Deal - Probability,Deal - Organization,Deal - Organization ID,Deal - Pipeline,\
Deal - Contact person,Deal - Contact person ID,Deal - Stage,Deal - Label,Deal - Status,\
Deal - Deal created,Deal - Update time,Deal - Won time,Deal - Lost time,Deal - Deal closed on,\
Deal - Lost reason,Deal - Expected close date,Deal - Next activity date
11,Casa deal,Rita Vogel,Rita Vogel,12000,EUR,12000,,Casa Lumina,1,Pipeline,Marta Reis,21,Proposal Made,,\
Won,2026-01-05 09:00:00,2026-04-02 09:00:00,2026-04-02 09:00:00,,2026-04-02 09:00:00,,2026-05-31,
12,Porto deal,Rita Vogel,Rita Vogel,8000,EUR,0,,Porto Foods,2,Pipeline,Joao Lima,22,Demo Scheduled,,Lost,\
2026-01-05 09:00:00,2026-04-03 09:00:00,,2026-04-03 09:00:00,2026-04-03 09:00:00,Went with a friend,\
2026-05-31,
13,Casa renewal,Rita Vogel,Rita Vogel,13000,EUR,5200,40,Casa Lumina,1,Pipeline,Marta Reis,21,\
Contact Made,Hot,Open,2026-10-05 09:00:00,2026-11-03 09:00:00,,,,,2027-04-30,2026-12-01
""",
    "organizations-1.csv": """\
Organization - ID,Organization - Name,Organization - Labels,Organization - Address,\
Organization - House number of Address,Organization - Street/road name of Address,\
Organization - City/town/village/locality of Address,Organization - State/county of Address,\
Organization - Country of Address,Organization - ZIP/Postal code of Address,Organization - Owner,\
Organization - People,Organization - Organization created
1,Casa Lumina,,"Rua Nova 1, Lisbon",1,Rua Nova,Lisbon,,Portugal,1000-002,Rita Vogel,1,\
2026-01-05 09:00:00
2,Porto Foods,,,,,Porto,,Portugal,,Rita Vogel,1,2026-01-05 09:00:00
""",
    "people-1.csv": """\
Person - ID,Person - Name,Person - Labels,Person - Organization,Person - Organization ID,\
Person - Email - Work,Person - Phone - Work,Person - Phone - Mobile,Person - Owner,Person - Job title
21,Marta Reis,,Casa Lumina,1,marta@casa.example,+351 210 000 001,,Rita Vogel,Buyer
22,Joao Maria Lima,,Porto Foods,2,"joao@porto.example, info@porto.example",,,Rita Vogel,
""",
    "activities-1.csv": """\
Activity - ID,Activity - Done,Activity - Subject,Activity - Type,Activity - Deal,\
Activity - Deal ID,Activity - Organization,Activity - Contact person,Activity - Due date,\
Activity - Due time,Activity - Duration,Activity - Assigned to user,Activity - Note,\
Activity - Priority
31,To do,Prepare renewal,Deadline,Casa renewal,13,Casa Lumina,Marta Reis,2026-12-01,,,Rita Vogel,,High
32,Done,Lunch,Lunch,Casa deal,11,Casa Lumina,Marta Reis,2026-03-01,12:00,01:00,Rita Vogel,,
""",
    "leads-1.csv": """\
Lead - ID,Lead - Title,Lead - Contact person,Lead - Organization,Lead - Owner,Lead - Source channel,\
Lead - Lead created
55ebb4c0-536e-11ea-87d0-d1171b17f6a0,Second kitchen,Marta Reis,Casa Lumina,Rita Vogel,Web Site,\
2026-10-05 09:00:00
""",
    "products-1.csv": """\
Product - ID,Product - Name,Product - Product code,Product - Category,Product - Unit,\
Product - Unit prices,Product - Tax,Product - Active,Product - Owner,Product - Description
41,Oven,OV-1,Kitchen,piece,1500,23,Yes,Rita Vogel,
""",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """The files of an export in a folder."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder

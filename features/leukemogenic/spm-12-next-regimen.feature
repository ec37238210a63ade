@rule:SPM-12
Feature: Next treatment with a drug linked to leukaemia after lenalidomide

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 61
    And multiple myeloma was diagnosed on 2022-03-01
    And the patient was stated to be eligible for transplant on 2022-03-01

  Rule: Orders, after lenalidomide that ended

    Background:
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-05-20

    @fires
    Scenario Outline: <drug>
      Given <drug> is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And the card of it says "boxed warning"
      And SPM-20 stays silent

      Examples:
        | drug                  |
        | intravenous melphalan |
        | oral melphalan        |
        | melphalan             |

    @fires
    Scenario: Dexa-BEAM is named
      Given dexamethasone is ordered
      And carmustine is ordered
      And cytarabine is ordered
      And etoposide is ordered
      And intravenous melphalan is ordered
      When the order is selected
      Then it recommends with indicator "warning"
      And it names the fact "regimen Dexa-BEAM, ordered"

    @fires
    Scenario: DaraMPV is named
      Given daratumumab is ordered
      And oral melphalan is ordered
      And pomalidomide is ordered
      And bortezomib is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And it names the fact "regimen DaraMPV, ordered"

    @fires
    Scenario: A regimen with melphalan by name alone
      Given an order in words only says "Dexa-BEAM"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible
      And it names the fact "regimen Dexa-BEAM, ordered"

    @fires
    Scenario Outline: <drug>, without melphalan
      Given <drug> is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And the card of it says "linked to leukaemia"

      Examples:
        | drug             |
        | cyclophosphamide |
        | etoposide        |
        | doxorubicin      |
        | cisplatin        |
        | carmustine       |
        | bendamustine     |

    @fires
    Scenario: DCEP is named
      Given dexamethasone is ordered
      And cyclophosphamide is ordered
      And etoposide is ordered
      And cisplatin is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And it names the fact "regimen DCEP, ordered"

    @fires
    Scenario: KCd is named
      Given carfilzomib is ordered
      And cyclophosphamide is ordered
      And dexamethasone is ordered
      When the order is signed
      Then it recommends with indicator "info"
      And it names the fact "regimen KCd, ordered"

    @fires
    Scenario: VdT-PACE by name alone
      Given an order in words only says "VTD-PACE"
      When the order is signed
      Then it recommends with indicator "info"
      And it is worded as possible
      And it names the fact "regimen VdT-PACE, ordered"

    @fires
    Scenario Outline: <text>, high-dose melphalan in words
      Given an order in words only says "<text>"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

      Examples:
        | text                |
        | HDM                 |
        | HDM 200 mg/m2       |
        | high-dose melphalan |

    @fires
    Scenario: Cyclophosphamide is ordered as tablets
      Given the record tells of these draft orders
        | concept          | route |
        | Cyclophosphamide | oral  |
      When the order is signed
      Then it recommends with indicator "info"

    @fires
    Scenario Outline: Two regimens by name, and <drug> besides
      Given an order in words only says "DaraMPV, then PACE chemotherapy"
      And <drug> is ordered
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

      Examples:
        | drug                   |
        | daratumumab            |
        | melphalan into the eye |

    @fires
    Scenario: Melphalan is ordered, and another drug than lenalidomide goes on
      Given daratumumab was given from 2025-06-20 and continues
      And intravenous melphalan is ordered
      When the order is signed
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: What is ordered would be DaraMPV only together with the melphalan that is being taken
      Given oral melphalan was taken from 2025-12-01 and continues
      And daratumumab is ordered
      And bortezomib is ordered
      And pomalidomide is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: What is ordered would be KCd only together with the cyclophosphamide that is being taken
      Given cyclophosphamide was taken from 2025-12-01 and continues
      And dexamethasone was taken from 2025-12-01 and continues
      And carfilzomib is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: So it is where melphalan into the eye is ordered with it
      Given oral melphalan was taken from 2025-12-01 and continues
      And daratumumab is ordered
      And bortezomib is ordered
      And pomalidomide is ordered
      And melphalan into the eye is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Dexamethasone is being taken, and its record names a regimen with melphalan
      Given the record tells of these drugs
        | concept       | proof     | start      | ongoing | regimen   |
        | Dexamethasone | statement | 2025-12-01 | yes     | Dexa-BEAM |
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario Outline: <regimen> is being given, and nothing is ordered or planned
      Given a medication statement in words only says "<regimen>" from 2025-12-01 and continues
      When the chart is opened
      Then it stays silent

      Examples:
        | regimen   |
        | Dexa-BEAM |
        | VTD-PACE  |

    @near-miss
    Scenario Outline: <text> is house dust mite
      Given an order in words only says "<text>"
      When the order is signed
      Then it stays silent

      Examples:
        | text                    |
        | HDM allergen extract    |
        | HDM immunotherapy 12 SQ |

    @near-miss
    Scenario Outline: <regimen> holds no such drug
      Given <first> is ordered
      And <second> is ordered
      And <third> is ordered
      And dexamethasone is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | regimen | first       | second       | third        |
        | Kd      | carfilzomib | carfilzomib  | carfilzomib  |
        | KPd     | carfilzomib | pomalidomide | pomalidomide |
        | PVd     | bortezomib  | pomalidomide | pomalidomide |
        | DaraVd  | daratumumab | bortezomib   | bortezomib   |
        | DaraPd  | daratumumab | pomalidomide | pomalidomide |
        | DaraKd  | daratumumab | carfilzomib  | carfilzomib  |
        | EloPd   | elotuzumab  | pomalidomide | pomalidomide |
        | EloPVd  | elotuzumab  | pomalidomide | bortezomib   |

    @near-miss
    Scenario Outline: <regimen> by name holds no such drug
      Given an order in words only says "<regimen>"
      When the order is signed
      Then it stays silent

      Examples:
        | regimen |
        | Kd      |
        | KPd     |
        | PVd     |
        | DaraVd  |
        | DaraPd  |
        | DaraKd  |
        | IsaKd   |
        | IsaPd   |
        | EloPd   |
        | EloPVd  |

    @near-miss
    Scenario Outline: <drug> does not count
      Given <drug> is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan into the eye   |
        | melphalan into the liver |
        | carmustine wafer         |
        | melphalan flufenamide    |
        | lenalidomide             |

    @near-miss
    Scenario: The order is not there yet when the chart is opened
      Given intravenous melphalan is ordered
      When the chart is opened
      Then it stays silent

    @unless
    Scenario: The patient has died
      Given intravenous melphalan is ordered
      And the patient died on 2026-01-10
      When the order is signed
      Then it stays silent

  Rule: Orders, while lenalidomide goes on or may go on

    @unless
    Scenario: Melphalan on lenalidomide is another rule's matter
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And intravenous melphalan is ordered
      When the order is signed
      Then it stays silent
      And SPM-20 fires with indicator "warning"

    @unless
    Scenario: So it is where the order names a regimen too
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And oral melphalan is ordered
      And an order in words only says "VMP protocol"
      When the order is signed
      Then it stays silent
      And SPM-20 fires with indicator "critical"

    @unless
    Scenario: Lenalidomide that ended 28 days ago counts as active
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12-18
      And intravenous melphalan is ordered
      When the order is signed
      Then it stays silent

    @fires
    Scenario: Lenalidomide that ended 29 days ago does not
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12-17
      And intravenous melphalan is ordered
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario: Another drug on lenalidomide
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And cyclophosphamide is ordered
      When the order is signed
      Then it recommends with indicator "info"

    @unless
    Scenario Outline: <regimen> by name alone is an order of melphalan, and <its other drugs>
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And an order in words only says "<regimen>"
      When the order is signed
      Then it <speaks>
      And SPM-20 fires with indicator "warning"

      Examples:
        | regimen   | its other drugs                     | speaks                           |
        | Dexa-BEAM | others that are linked to leukaemia | recommends with indicator "info" |
        | VMP       | none that is linked to leukaemia    | stays silent                     |

    @fires
    Scenario: Of two regimens by name it is not told which of their drugs are ordered
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And an order in words only says "DaraMPV, then PACE chemotherapy"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible
      And SPM-20 stays silent

    @unless
    Scenario Outline: Of two regimens by name it is not told which, but <drug> is ordered besides
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And an order in words only says "DaraMPV, then PACE chemotherapy"
      And <drug> is ordered
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug                  |
        | oral melphalan        |
        | intravenous melphalan |
        | melphalan             |

    @unknown
    Scenario: Whether lenalidomide goes on is not known
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-12
      And intravenous melphalan is ordered
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide dates

  Rule: Plans, when the chart is opened

    Background:
      Given lenalidomide 10 mg was taken from 2024-06-20 to 2025-05-20

    @fires
    Scenario Outline: <drug> is planned
      Given <drug> is planned
      When the chart is opened
      Then it recommends with indicator "<indicator>"
      And it names the fact "planned: <drug>"

      Examples:
        | drug                  | indicator |
        | intravenous melphalan | warning   |
        | oral melphalan        | warning   |
        | melphalan             | warning   |
        | cyclophosphamide      | info      |
        | etoposide             | info      |
        | doxorubicin           | info      |
        | cisplatin             | info      |
        | carmustine            | info      |
        | bendamustine          | info      |

    @fires
    Scenario: Cyclophosphamide is planned as tablets
      Given the record tells of these planned drugs
        | concept          | route | planned on |
        | Cyclophosphamide | oral  | 2026-01-10 |
      When the chart is opened
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: <drug> is planned, which does not count
      Given <drug> is planned
      When the chart is opened
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan into the eye   |
        | melphalan into the liver |
        | carmustine wafer         |

    @fires
    Scenario: A planned regimen is named
      Given carfilzomib is planned
      And cyclophosphamide is planned
      And dexamethasone is planned
      When the chart is opened
      Then it recommends with indicator "info"
      And it names the fact "regimen KCd, planned"

    @fires
    Scenario Outline: <regimen> is planned in words
      Given a plan in words only says "<regimen>"
      When the chart is opened
      Then it recommends with indicator "<indicator>"
      And it is worded as possible

      Examples:
        | regimen   | indicator |
        | Dexa-BEAM | warning   |
        | VTD-PACE  | info      |

    @fires
    Scenario Outline: A plan that is <status>, and still open
      Given cyclophosphamide was planned on 2026-01-05, with the status "<status>"
      When the chart is opened
      Then it recommends with indicator "info"

      Examples:
        | status  |
        | active  |
        | draft   |
        | on-hold |

    @near-miss
    Scenario Outline: A plan that is <status>, and open no more
      Given cyclophosphamide was planned on 2026-01-05, with the status "<status>"
      When the chart is opened
      Then it stays silent

      Examples:
        | status           |
        | cancelled        |
        | completed        |
        | stopped          |
        | entered-in-error |

    @unknown
    Scenario: A plan of unknown status does not fire
      Given cyclophosphamide was planned on 2026-01-05, with the status "unknown"
      When the chart is opened
      Then it is undecided

    @near-miss
    Scenario: A plan that was refused
      Given cyclophosphamide was planned on 2025-12-05
      And cyclophosphamide was refused on 2025-12-20
      When the chart is opened
      Then it stays silent

    @fires
    Scenario: A plan that was renewed after a refusal
      Given cyclophosphamide was refused on 2025-12-20
      And cyclophosphamide was planned on 2026-01-05
      When the chart is opened
      Then it recommends with indicator "info"

    @near-miss
    Scenario: A plan that was carried out
      Given cyclophosphamide was planned on 2025-09-05
      And cyclophosphamide was given from 2025-09-12 to 2025-10-12
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: Melphalan that was planned for the transplant that was done
      Given intravenous melphalan was planned on 2025-09-05
      And an autologous stem cell transplant was done on 2025-11-10
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: The days of the plan are over
      Given a plan of 2025-09-05 is for cyclophosphamide from 2025-09-12 to 2025-10-12
      When the chart is opened
      Then it stays silent

    @unknown
    Scenario: Other treatment began after the plan
      Given cyclophosphamide was planned on 2025-09-05
      And daratumumab was given from 2025-09-12 and continues
      When the chart is opened
      Then it does not fire

    @fires
    Scenario: Other treatment began, and the plan is for days to come
      Given a plan of 2025-09-05 is for cyclophosphamide from 2026-02-01 and continues
      And daratumumab was given from 2025-09-12 and continues
      When the chart is opened
      Then it recommends with indicator "info"

    @fires
    Scenario: Treatment that began before the plan
      Given daratumumab was given from 2025-08-12 and continues
      And cyclophosphamide was planned on 2025-09-05
      When the chart is opened
      Then it recommends with indicator "info"

    @near-miss
    Scenario: A plan without such a drug
      Given carfilzomib is planned
      And dexamethasone is planned
      When the chart is opened
      Then it stays silent

    @near-miss
    Scenario: A planned drug is not given
      Given intravenous melphalan is planned
      When the chart is opened
      Then SPM-04 stays silent
      And SPM-05 stays silent
      And it recommends with indicator "warning"

  Rule: Without lenalidomide

    @near-miss
    Scenario: No lenalidomide
      Given intravenous melphalan is ordered
      And cyclophosphamide is ordered
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Lenalidomide is planned only
      Given lenalidomide is planned
      And intravenous melphalan is ordered
      When the order is signed
      Then it stays silent

    @unknown
    Scenario: Lenalidomide that may have been taken
      Given a medication statement of lenalidomide from 2024-06-20 to 2025-05-20 has the status "unknown"
      And intravenous melphalan is ordered
      When the order is signed
      Then it is undecided
      And it asks about the lenalidomide exposure

  Rule: Whether lenalidomide was taken is not known

    @unknown
    Scenario: Melphalan is planned
      Given a medication request of lenalidomide from 2024-06-20 to 2025-05-20 has the status "on-hold"
      And intravenous melphalan is planned
      When the chart is opened
      Then it is undecided

    @unknown
    Scenario: Two regimens by name are ordered, one of them with melphalan
      Given a medication request of lenalidomide from 2024-06-20 to 2025-05-20 has the status "on-hold"
      And an order in words only says "DaraMPV, then PACE chemotherapy"
      When the order is signed
      Then it is undecided

  Rule: The plan of follow-up

    @fires
    Scenario: It is a reason for blood count
      Given lenalidomide 10 mg was taken from 2024-06-20 and continues
      And cyclophosphamide is planned
      When the chart is opened
      Then the plan names SPM-12 as a reason for blood count

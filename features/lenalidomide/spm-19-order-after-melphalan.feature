@rule:SPM-19
Feature: Lenalidomide ordered in a patient with melphalan or autologous transplant
  The order is the moment to weigh the second-cancer risk; renewals only remind.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2019-03-01
    And the patient was stated to be eligible for transplant on 2019-03-01

  Rule: With oral melphalan at the same time

    Background:
      Given lenalidomide 10 mg is ordered

    @fires
    Scenario: Oral melphalan is being taken
      Given oral melphalan was taken from 2025-11-01 and continues
      When the order is signed
      Then it recommends with indicator "critical"

    @fires
    Scenario: Oral melphalan is ordered together with it
      Given oral melphalan is ordered
      When the order is signed
      Then it recommends with indicator "critical"

    @fires
    Scenario: The last oral melphalan ended 28 days ago
      Given oral melphalan was taken from 2025-11-01 to 2025-12-18
      When the order is signed
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: The last oral melphalan ended 29 days ago
      Given oral melphalan was taken from 2025-11-01 to 2025-12-17
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario: It is seen when the order is selected too
      Given oral melphalan was taken from 2025-11-01 and continues
      When the order is selected
      Then it recommends with indicator "critical"

    @near-miss
    Scenario: It is not seen at the opening of the chart
      Given oral melphalan was taken from 2025-11-01 and continues
      When the chart is opened
      Then it stays silent

  Rule: First order after melphalan or transplant

    Background:
      Given lenalidomide 10 mg is ordered

    @fires
    Scenario Outline: Earlier <drug>
      Given <drug> was given from 2019-04-01 to 2019-09-30
      When the order is signed
      Then it recommends with indicator "warning"

      Examples:
        | drug                  |
        | oral melphalan        |
        | intravenous melphalan |
        | melphalan             |

    @fires
    Scenario: Earlier high-dose melphalan
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2019-11-08 | 200  | mg/m2 |
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario: Earlier autologous transplant
      Given an autologous stem cell transplant was done on 2019-11-10
      When the order is signed
      Then it recommends with indicator "warning"
      And it names the fact "autologous"

    @fires
    Scenario Outline: <drug> ordered together with it
      Given <drug> is ordered
      When the order is signed
      Then it recommends with indicator "warning"

      Examples:
        | drug                  |
        | intravenous melphalan |
        | melphalan             |

    @near-miss
    Scenario: Neither melphalan nor transplant
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Stem cells collected, transplant not done
      Given stem cells were collected on 2019-10-20
      And an autologous stem cell transplant was not done on 2019-11-10
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario: Donor transplant only
      Given a donor stem cell transplant was done on 2019-11-10
      When the order is signed
      Then it stays silent

    @near-miss
    Scenario Outline: <drug> is no systemic melphalan
      Given <drug> was given from 2019-04-01 to 2019-09-30
      When the order is signed
      Then it stays silent

      Examples:
        | drug                     |
        | melphalan into the eye   |
        | melphalan into the liver |
        | cyclophosphamide         |

    @unknown
    Scenario: Melphalan that is on hold may have been given
      Given a medication request of oral melphalan from 2019-04-01 to 2019-09-30 has the status "on-hold"
      When the order is signed
      Then it is undecided
      And it asks about the melphalan exposure

    @unknown
    Scenario: Procedures were never searched
      Given Procedure was not searched
      When the order is signed
      Then it is undecided
      And it asks about the transplant

    @unknown
    Scenario: A transplant of unknown kind
      Given a stem cell transplant of unknown kind was done on 2019-11-10
      When the order is signed
      Then it is undecided
      And it asks about the transplant kind

    @unless
    Scenario: The patient has died
      Given an autologous stem cell transplant was done on 2019-11-10
      And the patient died on 2026-01-10
      When the order is signed
      Then it stays silent

  Rule: Renewal

    Background:
      Given lenalidomide 10 mg is ordered
      And an autologous stem cell transplant was done on 2019-11-10

    @fires @unless
    Scenario: Lenalidomide is active
      Given lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
      When the order is signed
      Then it recommends with indicator "info"

    @fires @unless
    Scenario: Lenalidomide ended 180 days ago
      Given lenalidomide 10 mg was taken as maintenance from 2024-02-15 to 2025-07-19
      When the order is signed
      Then it recommends with indicator "info"

    @near-miss
    Scenario: Lenalidomide ended 181 days ago, so it is a first order again
      Given lenalidomide 10 mg was taken as maintenance from 2024-02-15 to 2025-07-18
      When the order is signed
      Then it recommends with indicator "warning"

    @fires @unless
    Scenario Outline: A supply that was handed out on <day> and lasted until 180 days ago or later, so it is a renewal
      Given lenalidomide 10 mg was dispensed as maintenance on <day> for 28 days
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | day        |
        | 2025-07-18 |
        | 2025-06-22 |

    @near-miss
    Scenario: A supply that lasted until 181 days ago
      Given lenalidomide 10 mg was dispensed as maintenance on 2025-06-21 for 28 days
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario Outline: Renewal, with <drug> ordered together
      Given lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
      And <drug> is ordered
      When the order is signed
      Then it recommends with indicator "<indicator>"

      Examples:
        | drug                  | indicator |
        | intravenous melphalan | info      |
        | oral melphalan        | critical  |

  Rule: A regimen in words

    @fires
    Scenario Outline: <regimen> after transplant
      Given an autologous stem cell transplant was done on 2019-11-10
      And an order in words only says "<regimen>"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible
      And SPM-28 fires with indicator "info"

      Examples:
        | regimen |
        | VRd     |
        | KRd     |

    @fires
    Scenario: It is seen when the regimen is selected too
      Given an autologous stem cell transplant was done on 2019-11-10
      And an order in words only says "VRd"
      When the order is selected
      Then it recommends with indicator "warning"
      And it is worded as possible

    @fires
    Scenario: A regimen with both drugs
      Given an order in words only says "MPR"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @fires
    Scenario: Oral melphalan goes on, but the order is in words only, so never critical
      Given oral melphalan was taken from 2025-11-01 and continues
      And an order in words only says "VRd"
      When the order is signed
      Then it recommends with indicator "warning"
      And it is worded as possible

    @near-miss
    Scenario Outline: <regimen> holds no lenalidomide
      Given an autologous stem cell transplant was done on 2019-11-10
      And an order in words only says "<regimen>"
      When the order is signed
      Then it stays silent

      Examples:
        | regimen |
        | KPd     |
        | DaraVd  |
        | VMP     |

  Rule: Another order

    @near-miss
    Scenario Outline: <drug> is ordered
      Given an autologous stem cell transplant was done on 2019-11-10
      And <drug> is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | drug         |
        | thalidomide  |
        | pomalidomide |
        | bortezomib   |

  Rule: Melphalan, however it was given, and nothing else

    Background:
      Given lenalidomide 10 mg is ordered

    @near-miss
    Scenario: Intravenous melphalan ten days ago is no oral melphalan
      Given intravenous melphalan 30 mg was given on 2026-01-05
      When the order is signed
      Then it recommends with indicator "warning"

    @fires
    Scenario: Another drug goes on, and lenalidomide was never taken
      Given an autologous stem cell transplant was done on 2019-11-10
      And bortezomib was given from 2025-02-15 and continues
      When the order is signed
      Then it recommends with indicator "warning"

    @fires @unless
    Scenario Outline: Renewal after earlier <drug>, without transplant
      Given lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
      And <drug> was given from 2019-04-01 to 2019-09-30
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug                  |
        | oral melphalan        |
        | intravenous melphalan |
        | melphalan             |

    @fires @unless
    Scenario: Renewal after earlier high-dose melphalan, without a transplant on record
      Given lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2019-11-08 | 200  | mg/m2 |
      When the order is signed
      Then it recommends with indicator "info"

    @fires @unless
    Scenario Outline: Renewal with <drug> ordered together, without transplant
      Given lenalidomide 10 mg was taken as maintenance from 2025-02-15 and continues
      And <drug> is ordered
      When the order is signed
      Then it recommends with indicator "info"

      Examples:
        | drug                  |
        | intravenous melphalan |
        | melphalan             |

    @near-miss
    Scenario Outline: <drug>, given before or ordered together, is no systemic melphalan: <when>
      Given lenalidomide 10 mg was taken as maintenance from <start>
      And <record>
      When the order is signed
      Then it stays silent

      Examples:
        | drug                     | when                         | start                    | record                                                          |
        | melphalan into the eye   | given, and a renewal         | 2025-02-15 and continues | melphalan into the eye was given from 2019-04-01 to 2019-09-30  |
        | melphalan into the liver | given, and a renewal         | 2025-02-15 and continues | melphalan into the liver was given from 2019-04-01 to 2019-09-30 |
        | melphalan into the eye   | ordered, and a renewal       | 2025-02-15 and continues | melphalan into the eye is ordered                               |
        | melphalan into the liver | ordered, and a renewal       | 2025-02-15 and continues | melphalan into the liver is ordered                             |
        | melphalan into the eye   | ordered, and a first order   | 2020-02-15 to 2021-02-15 | melphalan into the eye is ordered                               |
        | melphalan into the liver | ordered, and a first order   | 2020-02-15 to 2021-02-15 | melphalan into the liver is ordered                             |

    Scenario Outline: The order is a reason for <check>
      Given an autologous stem cell transplant was done on 2019-11-10
      When the order is signed
      Then the plan names SPM-19 as a reason for <check>

      Examples:
        | check                |
        | second-cancer review |
        | blood count          |

    @near-miss
    Scenario Outline: <drug> ordered together is no melphalan: <when>
      Given lenalidomide 10 mg was taken as maintenance from <period>
      And <drug> is ordered
      When the order is signed
      Then it stays silent

      Examples:
        | drug             | when          | period                   |
        | cyclophosphamide | a renewal     | 2025-02-15 and continues |
        | cyclophosphamide | a first order | 2020-02-15 to 2021-02-15 |
        | bortezomib       | a renewal     | 2025-02-15 and continues |
        | bortezomib       | a first order | 2020-02-15 to 2021-02-15 |

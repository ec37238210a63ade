@rule:SPM-15
Feature: Cancer before myeloma
  Whoever had a cancer before myeloma gets another one more often, and keeps that cancer's own follow-up.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 63
    And multiple myeloma was diagnosed on 2022-10-10
    And the patient was stated to be eligible for transplant on 2022-10-10

  Rule: With lenalidomide

    Background:
      Given lenalidomide 10 mg was taken from 2024-12-15 to 2025-06-30

    @fires
    Scenario Outline: <cancer> before myeloma
      Given <cancer> was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the card of it says "that cancer's own follow-up"
      And the card of it says "about 40% higher risk"

      Examples:
        | cancer              |
        | breast cancer       |
        | colon cancer        |
        | lung cancer         |
        | melanoma            |
        | Hodgkin lymphoma    |
        | AML                 |
        | MDS                 |
        | ALL                 |
        | therapy-related MDS |

    @fires
    Scenario Outline: Only a history of <cancer>
      Given a history of <cancer> was recorded on 2025-02-10
      When the rule is evaluated
      Then it recommends with indicator "warning"

      Examples:
        | cancer           |
        | breast cancer    |
        | melanoma         |
        | Hodgkin lymphoma |

    @fires
    Scenario: The day before myeloma
      Given colon cancer was diagnosed on 2022-10-09 and is in remission
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @near-miss
    Scenario: On the day of myeloma, which leaves the order open
      Given colon cancer was diagnosed on 2022-10-10 and is in remission
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer onset

    @fires
    Scenario Outline: <cancer> is for information
      Given <cancer> was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it recommends with indicator "info"

      Examples:
        | cancer                    |
        | basal cell carcinoma      |
        | squamous cell skin cancer |
        | melanoma in situ          |
        | breast carcinoma in situ  |

    @fires
    Scenario: Only a history of basal cell carcinoma
      Given a history of basal cell carcinoma was recorded on 2025-02-10
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario Outline: <disease> is no earlier cancer
      Given <disease> was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it stays silent

      Examples:
        | disease             |
        | metastasis          |
        | MGUS                |
        | smouldering myeloma |
        | plasmacytoma        |

    @near-miss
    Scenario Outline: A history of <disease> may mean the myeloma itself
      Given a history of <disease> was recorded on 2025-02-10
      When the rule is evaluated
      Then it stays silent

      Examples:
        | disease           |
        | some blood cancer |
        | multiple myeloma  |

    @near-miss
    Scenario: A cancer after treatment of myeloma began
      Given colon cancer was diagnosed on 2025-02-10 and is active
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A cancer that was refuted
      Given colon cancer of 2012-06-10 has the verification status "refuted"
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: No other cancer
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: A cancer of which the site is not told
      Given cancer of unknown site was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer status
      And SPM-29 fires with indicator "info"

    @unknown
    Scenario: A history of cancer of which the site is not told
      Given a history of cancer of unknown site was recorded on 2025-02-10
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer status

    @unknown
    Scenario: A cancer without a date
      Given colon cancer is on record without a date and is resolved
      When the rule is evaluated
      Then it is undecided
      And it asks about the cancer onset

    @unknown
    Scenario: A diagnosis that is provisional
      Given colon cancer of 2012-06-10 has the verification status "provisional"
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: Conditions were never searched
      Given Condition was not searched
      When the rule is evaluated
      Then it is undecided

    @unless
    Scenario: The patient has died
      Given breast cancer was diagnosed on 2012-06-10 and is resolved
      And the patient died on 2025-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Without lenalidomide on record

    @fires
    Scenario Outline: Lenalidomide is ordered after <cancer>
      Given <cancer> was diagnosed on 2012-06-10 and is resolved
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it recommends with indicator "<indicator>"

      Examples:
        | cancer               | indicator |
        | breast cancer        | warning   |
        | basal cell carcinoma | info      |

    @near-miss
    Scenario: Neither taken nor ordered
      Given breast cancer was diagnosed on 2012-06-10 and is resolved
      When the rule is evaluated
      Then it stays silent

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given lenalidomide 10 mg was taken from 2024-12-15 to 2025-06-30
      And breast cancer was diagnosed on 2012-06-10 and is resolved
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario: It is a reason for second-cancer review
      Given lenalidomide 10 mg was taken from 2024-12-15 to 2025-06-30
      And breast cancer was diagnosed on 2012-06-10 and is resolved
      When the chart is opened
      Then the plan names SPM-15 as a reason for second-cancer review

    @near-miss
    Scenario: A skin cancer after treatment of myeloma began
      Given lenalidomide 10 mg was taken from 2024-12-15 to 2025-06-30
      And basal cell carcinoma was diagnosed on 2025-02-10 and is active
      When the rule is evaluated
      Then it stays silent

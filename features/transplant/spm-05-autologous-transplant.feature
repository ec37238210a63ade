@rule:SPM-05
Feature: Autologous transplant and lenalidomide
  Lenalidomide after high-dose melphalan and autologous transplant: more second cancers, and longer remission and survival.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 64
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  Rule: Lenalidomide after the transplant

    @fires
    Scenario: Maintenance after transplant
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it names the fact "autologous"
      And the card of it says "Benefit: alive"
      And the card of it says "Risk: second cancers"

    @fires
    Scenario Outline: The transplant is coded in <system>
      Given an autologous stem cell transplant was done on 2020-11-10, coded in <system>
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      When the rule is evaluated
      Then it recommends with indicator "warning"

      Examples:
        | system     |
        | CPT        |
        | SNOMED CT  |
        | ICD-10-PCS |

    @fires
    Scenario: Three codes of one infusion are one transplant
      Given an autologous stem cell transplant was done on 2020-11-10, coded in CPT
      And an autologous stem cell transplant was done on 2020-11-12, coded in SNOMED CT
      And an autologous stem cell transplant was done on 2020-11-24, coded in ICD-10-PCS
      And the status after a stem cell transplant was recorded on 2021-06-01
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And the patient had 1 transplant

    @fires
    Scenario: High-dose melphalan without a transplant code
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 140  | mg/m2 |
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And it names the fact "high-dose intravenous melphalan"

    @near-miss
    Scenario: One milligram below high dose
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 139  | mg/m2 |
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: The transplant falls into a course of lenalidomide
      Given lenalidomide 10 mg was taken from 2020-04-01 to 2021-12-31
      And an autologous stem cell transplant was done on 2021-12-30
      When the rule is evaluated
      Then it recommends with indicator "warning"

  Rule: Lenalidomide before the transplant

    @fires
    Scenario: Induction only
      Given lenalidomide 25 mg was taken as induction from 2020-04-01 to 2020-09-15
      And an autologous stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Nothing on record proves lenalidomide after the autologous transplant"

    @near-miss
    Scenario: The last day of lenalidomide is the day of the transplant
      Given lenalidomide 10 mg was taken from 2020-04-01 to 2020-11-10
      And an autologous stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires @unknown
    Scenario: Whether it was before or after is not told where the record does not tell
      Given lenalidomide 25 mg was taken from 2020 to 2020
      And an autologous stem cell transplant was done at no recorded time
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "that stays open"

    @fires
    Scenario: Before high-dose melphalan without a transplant code
      Given lenalidomide 25 mg was taken as induction from 2020-04-01 to 2020-09-15
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 100  | mg/m2 |
        | 2020-11-09 | 100  | mg/m2 |
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: A transplant of unknown kind

    Background:
      Given lenalidomide 10 mg was taken as maintenance from 2024-02-15 to 2025-02-14

    @fires @unknown
    Scenario: Only the status after a transplant is recorded
      Given the status after a stem cell transplant was recorded on 2025-06-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "clarify whether it was autologous"
      And it asks about the transplant kind

    @fires @unknown
    Scenario: The code does not tell the kind
      Given a stem cell transplant of unknown kind was done on 2023-06-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it asks about the transplant kind

    @fires
    Scenario: A gene-modified product is asked about
      Given a gene-modified autologous stem cell transplant was done on 2023-06-01
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Gene-modified product of own cells"
      And the card of it says "clarify what the product was"

    @fires
    Scenario: A dated code of the same transplant tells the kind
      Given the status after a stem cell transplant was recorded on 2025-06-01
      And an autologous stem cell transplant was done on 2023-06-01
      When the rule is evaluated
      Then it recommends with indicator "warning"
      And nothing is asked about the transplant kind

  Rule: What is no autologous transplant

    Background:
      Given lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14

    @near-miss
    Scenario Outline: A <kind> transplant
      Given a <kind> stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it stays silent

      Examples:
        | kind           |
        | donor          |
        | identical-twin |

    @near-miss
    Scenario Outline: Stem cells were only collected, coded in <system>
      Given stem cells were collected on 2020-10-20, coded in <system>
      When the rule is evaluated
      Then it stays silent

      Examples:
        | system     |
        | CPT        |
        | ICD-10-PCS |

    @near-miss
    Scenario: The transplant was not done
      Given an autologous stem cell transplant was not done on 2020-11-10 because "patient declined"
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: The transplant is awaited
      Given an autologous stem cell transplant was awaited on 2025-11-10
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario Outline: The record of the transplant is <status>
      Given an autologous stem cell transplant on 2020-11-10 has the status "<status>"
      When the rule is evaluated
      Then it stays silent

      Examples:
        | status           |
        | preparation      |
        | on-hold          |
        | entered-in-error |

    @near-miss
    Scenario: Donor lymphocytes tell of a donor transplant
      Given donor lymphocytes were given on 2020-11-10
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: No transplant
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: High-dose melphalan 14 days before a donor transplant is its conditioning
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-10-27 | 140  | mg/m2 |
      And a donor stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: High-dose melphalan 15 days before a donor transplant is not
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-10-26 | 140  | mg/m2 |
      And a donor stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it recommends with indicator "warning"

    @unknown
    Scenario Outline: The record of the transplant is <status>, which proves nothing
      Given an autologous stem cell transplant on 2020-11-10 has the status "<status>"
      When the rule is evaluated
      Then it is undecided
      And it asks about the transplant

      Examples:
        | status      |
        | in-progress |
        | stopped     |
        | unknown     |

    @unknown
    Scenario: Procedures were never searched
      Given Procedure was not searched
      When the rule is evaluated
      Then it is undecided
      And it asks about the transplant

    @unless
    Scenario: The patient has died
      Given an autologous stem cell transplant was done on 2020-11-10
      And the patient died on 2024-12-28
      When the rule is evaluated
      Then it stays silent

  Rule: Other silences and doubts

    @near-miss
    Scenario: A transplant without lenalidomide
      Given an autologous stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it stays silent

    @unless
    Scenario: High-dose melphalan after lenalidomide, as conditioning for a donor transplant
      Given lenalidomide 25 mg was taken as induction from 2020-04-01 to 2020-09-15
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 140  | mg/m2 |
      And a donor stem cell transplant was done on 2020-11-10
      When the rule is evaluated
      Then it stays silent

    @unknown
    Scenario: The record does not tell whether lenalidomide came before or after
      Given lenalidomide 25 mg was taken as induction from 2020-04-01 to 2020-09-15
      And an autologous stem cell transplant was done on 2020
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it asks about the transplant

  Rule: High-dose melphalan without a transplant code, other cases

    @near-miss
    Scenario: The last day of lenalidomide is the day of high-dose melphalan
      Given lenalidomide 10 mg was taken from 2020-04-01 to 2020-11-08
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 140  | mg/m2 |
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario Outline: <when> lenalidomide, and two days later an infusion that is no donor's
      Given lenalidomide 10 mg was taken from <start> to <end>
      And an identical-twin stem cell transplant was done on 2020-11-10
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2020-11-08 | 140  | mg/m2 |
      When the rule is evaluated
      Then it recommends with indicator "<indicator>"

      Examples:
        | when   | start      | end        | indicator |
        | Before | 2021-02-15 | 2022-02-14 | warning   |
        | After  | 2020-04-01 | 2020-09-15 | info      |

    @fires
    Scenario: After lenalidomide, and years before a donor transplant
      Given lenalidomide 25 mg was taken as induction from 2018-04-01 to 2018-09-15
      And intravenous melphalan was given
        | date       | dose | unit  |
        | 2018-11-08 | 140  | mg/m2 |
      And a donor stem cell transplant was done on 2022-05-10
      When the rule is evaluated
      Then it recommends with indicator "info"

  Rule: Moments and plan

    @fires
    Scenario Outline: It speaks when an order is <moment>
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      And dexamethasone is ordered
      When the order is <moment>
      Then it recommends with indicator "warning"

      Examples:
        | moment   |
        | selected |
        | signed   |

    @fires
    Scenario Outline: It is a reason for <check>
      Given an autologous stem cell transplant was done on 2020-11-10
      And lenalidomide 10 mg was taken as maintenance from 2021-02-15 to 2022-02-14
      And the patient smoked 30 pack-years until 2020-03-10
      When the chart is opened
      Then the plan names SPM-05 as a reason for <check>

      Examples:
        | check                       |
        | second-cancer review        |
        | blood count                 |
        | skin check                  |
        | breast cancer screening     |
        | colorectal cancer screening |
        | cervical cancer screening   |
        | lung cancer screening       |

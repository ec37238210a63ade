@rule:SPM-24
Feature: Blood count overdue
  On lenalidomide blood counts are weekly for eight weeks, then rarer; after melphalan they go on when the drug has ended.

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 58
    And the patient never smoked
    And multiple myeloma was diagnosed on 2018-03-01
    And the patient was stated to be eligible for transplant on 2018-03-01

  Rule: The limit by week of the course

    @fires @near-miss
    Scenario Outline: Overdue: <case>
      Given lenalidomide 25 mg was prescribed from <start> and continues
      And the blood count on <count> was normal
      When the rule is evaluated
      Then it recommends with indicator "<indicator>"
      And the card of it says "Blood count overdue for lenalidomide monitoring"

      Examples:
        | case                               | start      | count      | indicator |
        | Day 21, last count 12 days ago     | 2025-12-25 | 2026-01-03 | info      |
        | Day 21, last count 11 days ago     | 2025-12-25 | 2026-01-04 | info      |
        | Last day of week 8, 11 days        | 2025-11-21 | 2026-01-04 | info      |
        | First day of week 9, 19 days       | 2025-11-20 | 2025-12-27 | info      |
        | Last day of week 12, 19 days       | 2025-10-24 | 2025-12-27 | info      |
        | First day of week 13, 36 days      | 2025-10-23 | 2025-12-10 | info      |
        | Later, 70 days                     | 2024-10-23 | 2025-11-06 | info      |
        | Later, 71 days                     | 2024-10-23 | 2025-11-05 | warning   |

    @near-miss
    Scenario Outline: Not overdue: <case>
      Given lenalidomide 25 mg was prescribed from <start> and continues
      And the blood count on <count> was normal
      When the rule is evaluated
      Then it stays silent
      And the plan lists blood count as <state>
      And the plan has blood count last done on <count>

      Examples:
        | case                              | start      | count      | state      |
        | Day 21, last count 10 days ago    | 2025-12-25 | 2026-01-05 | due        |
        | Day 21, last count 7 days ago     | 2025-12-25 | 2026-01-08 | due        |
        | Day 21, last count 6 days ago     | 2025-12-25 | 2026-01-09 | up to date |
        | Last day of week 8, 10 days       | 2025-11-21 | 2026-01-05 | due        |
        | First day of week 9, 11 days      | 2025-11-20 | 2026-01-04 | up to date |
        | First day of week 9, 18 days      | 2025-11-20 | 2025-12-28 | due        |
        | Last day of week 12, 18 days      | 2025-10-24 | 2025-12-28 | due        |
        | First day of week 13, 19 days     | 2025-10-23 | 2025-12-27 | up to date |
        | First day of week 13, 35 days     | 2025-10-23 | 2025-12-11 | due        |

    @fires
    Scenario: No blood count at all
      Given lenalidomide 25 mg was prescribed from 2025-12-25 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "No blood count on record"
      And the plan lists blood count as none recorded

    @fires
    Scenario: That none is recorded is certain, even where lenalidomide is known in words only
      Given a medication statement in words only says "Revlimid" from 2025-10-01 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And it is worded as possible
      And the card of it says "No blood count on record"
      And the card of it does not say "none on record (recognised by words only)"
      And the plan lists blood count as none recorded

    @fires
    Scenario: A gap of 61 days starts the weeks anew
      Given lenalidomide 10 mg was taken from 2024-01-10 to 2025-10-10
      And lenalidomide 10 mg was prescribed from 2025-12-11 and continues
      And the blood count on 2026-01-04 was normal
      When the rule is evaluated
      Then it recommends with indicator "info"

    @near-miss
    Scenario: A gap of 60 days does not
      Given lenalidomide 10 mg was taken from 2024-01-10 to 2025-10-11
      And lenalidomide 10 mg was prescribed from 2025-12-11 and continues
      And the blood count on 2026-01-04 was normal
      When the rule is evaluated
      Then it stays silent

    @near-miss
    Scenario: A new phase of an unbroken course does not start the weeks anew
      Given lenalidomide 25 mg was taken as induction from 2024-01-10 to 2025-12-10
      And lenalidomide 10 mg was prescribed as maintenance from 2025-12-11 and continues
      And the blood count on 2026-01-04 was normal
      When the rule is evaluated
      Then it stays silent

    @fires
    Scenario: A preliminary count does not clear it
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12-10 was normal
      And the laboratory found
        | date       | test      | value | unit   | status    |
        | 2026-01-10 | platelets | 210   | 10*9/L | cancelled |
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: A haemoglobin alone is no blood count
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12-10 was normal
      And the laboratory found
        | date       | test        | value | unit |
        | 2026-01-10 | haemoglobin | 12.1  | g/dL |
      When the rule is evaluated
      Then it recommends with indicator "info"

    @fires
    Scenario: Platelets alone are no blood count
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12-10 was normal
      And the laboratory found
        | date       | test      | value | unit   |
        | 2026-01-10 | platelets | 210   | 10*9/L |
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the plan has blood count last done on 2025-12-10

    @near-miss
    Scenario: Neutrophils are measured in a blood count with differential
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12-10 was normal
      And the laboratory found
        | date       | test        | value | unit   |
        | 2026-01-10 | neutrophils | 2.1   | 10*9/L |
      When the rule is evaluated
      Then it stays silent
      And the plan has blood count last done on 2026-01-10

    @fires
    Scenario: A future appointment does not clear it
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12-10 was normal
      And the blood count on 2026-01-20 was normal
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the plan has blood count last done on 2025-12-10

  Rule: Off the drug, after melphalan

    @fires @near-miss
    Scenario: 181 days after the last count
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      And an autologous stem cell transplant was done on 2020-11-10
      And the blood count on 2025-07-18 was normal
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Blood count overdue after lenalidomide and melphalan"

    @near-miss
    Scenario: 180 days after the last count
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      And an autologous stem cell transplant was done on 2020-11-10
      And the blood count on 2025-07-19 was normal
      When the rule is evaluated
      Then it stays silent
      And the plan lists blood count as due since 2025-10-19

    @fires
    Scenario: Oral melphalan, none recorded
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      And oral melphalan was taken from 2019-01-10 to 2019-09-10
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "No blood count on record after lenalidomide and melphalan"

    @near-miss
    Scenario: Off the drug without melphalan
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      When the rule is evaluated
      Then it stays silent
      And the plan says nothing of blood count

  Rule: Silent

    @unless
    Scenario: Deceased
      Given lenalidomide 25 mg was prescribed from 2025-12-25 and continues
      And the patient died on 2026-01-10
      When the rule is evaluated
      Then it stays silent
      And there is no plan

    @near-miss
    Scenario: Never lenalidomide
      Given bortezomib was given from 2025-12-25 and continues
      When the rule is evaluated
      Then it stays silent
      And there is no plan

  Rule: Not known

    @unknown
    Scenario: Observations were not supplied
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And Observation was not searched
      When the rule is evaluated
      Then it is undecided
      And the plan lists blood count as not known

    @unknown
    Scenario: Only the month of the last count is known
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-12 was normal
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: The start of the course is only known as a month
      Given lenalidomide 10 mg was prescribed from 2025-11 and continues
      And the blood count on 2026-01-03 was normal
      When the rule is evaluated
      Then it is undecided
      And the plan lists blood count as not known

    @unknown
    Scenario: A count long ago, after melphalan, and it is not known whether lenalidomide was taken
      Given intravenous melphalan was given
        | date       | dose | unit  |
        | 2022-11-08 | 200  | mg/m2 |
      And a medication request of lenalidomide from 2024-01-01 to 2024-06-30 has the status "on-hold"
      And the blood count on 2024-06-30 was normal
      When the rule is evaluated
      Then it is undecided

    @unknown
    Scenario: When the last count was is asked for
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And Observation was not searched
      When the rule is evaluated
      Then it is undecided
      And it asks about the blood count dates

  Rule: Off the drug, while another goes on

    @fires
    Scenario: The last count was 190 days ago
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      And an autologous stem cell transplant was done on 2020-11-10
      And daratumumab was given from 2025-01-15 and continues
      And the blood count on 2025-07-09 was normal
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "Blood count overdue after lenalidomide and melphalan"

    @fires
    Scenario: None is recorded
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2024-06-30
      And an autologous stem cell transplant was done on 2020-11-10
      And daratumumab was given from 2025-01-15 and continues
      When the rule is evaluated
      Then it recommends with indicator "info"
      And the card of it says "No blood count on record after lenalidomide and melphalan"

    @near-miss
    Scenario Outline: Lenalidomide long ago, without melphalan, is ordered again: <what>
      Given lenalidomide 10 mg was taken from 2021-02-15 to 2023-06-30
      And <record>
      And lenalidomide 10 mg is ordered
      When the order is signed
      Then it stays silent
      And the plan lists blood count as <state>

      Examples:
        | what                        | record                                               | state         |
        | the last count is too old   | the blood count on 2025-07-09 was normal             | overdue       |
        | no count is recorded        | a colonoscopy was done on 2024-05-05                 | none recorded |

  Rule: When it is told, and what for

    @fires
    Scenario Outline: It is told when an order is <what> too
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-11-05 was normal
      And lenalidomide 10 mg is ordered
      When the order is <what>
      Then it recommends with indicator "warning"

      Examples:
        | what     |
        | selected |
        | signed   |

    Scenario: The blood count of the plan is for this finding
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And the blood count on 2025-11-05 was normal
      When the rule is evaluated
      Then the plan names SPM-24 as a reason for blood count

    @near-miss
    Scenario: The skin was examined too long ago, the blood was not
      Given lenalidomide 10 mg was prescribed from 2024-10-23 and continues
      And a skin examination was done on 2024-05-05
      And the blood count on 2026-01-05 was normal
      When the rule is evaluated
      Then it stays silent
      And the plan lists skin check as overdue

Feature: Checks that are due, on one card
  The card of due checks shows the plan and suggests drafts that somebody confirms; nothing is ordered by itself.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2020-03-10

  Scenario: The first order of lenalidomide
    Given only these rules are looked at: SPM-28
    And the blood count on 2025-06-01 was normal
    And lenalidomide 10 mg is ordered as maintenance
    When the order is signed
    Then the cards are, in this order: SPM-28 (info)
    And the card of SPM-28 shows the plan
    And the card of SPM-28 suggests "Complete blood count with automated differential", to be confirmed by "The team that treats the myeloma"
    And the card of SPM-28 suggests "Screening mammography of both breasts", to be confirmed by "The clinician in charge of screening, with the patient"

  Scenario: A blood count of ten days ago is a baseline
    Given only these rules are looked at: SPM-28
    And the blood count on 2026-01-05 was normal
    And lenalidomide 10 mg is ordered as maintenance
    When the order is signed
    Then the card of SPM-28 shows the plan
    And the card of SPM-28 does not suggest "Complete blood count with automated differential"

  Scenario: Everything is up to date
    Given only these rules are looked at: SPM-05, SPM-24, SPM-25, SPM-26
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And cancer screening and skin checks of a woman are up to date
    And an autologous stem cell transplant was done on 2020-11-10
    And the blood count on 2026-01-05 was normal
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning)
    And the card of SPM-05 shows the plan
    And no card suggests anything

  Scenario: A critical card carries the plan where no other card can
    Given only these rules are looked at: SPM-17
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And breast cancer was diagnosed on 2025-11-10
    When the chart is opened
    Then the cards are, in this order: SPM-17 (critical)
    And the card of SPM-17 shows the plan
    And no card suggests anything

  Scenario: No check is on record
    Given only these rules are looked at: SPM-24, SPM-25, SPM-26
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    When the chart is opened
    Then the cards are, in this order: SPM-24 (info)
    And the card of SPM-24 also tells SPM-25, SPM-26
    And the card of SPM-24 shows the plan
    And the card of SPM-24 suggests "Complete blood count with automated differential", to be confirmed by "The team that treats the myeloma"
    And the card of SPM-24 suggests "Screening mammography of both breasts", to be confirmed by "The clinician in charge of screening, with the patient"

  Scenario: Only the blood count is overdue
    Given only these rules are looked at: SPM-05, SPM-24, SPM-25, SPM-26
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And cancer screening and skin checks of a woman are up to date
    And an autologous stem cell transplant was done on 2020-11-10
    And the blood count on 2025-12-01 was normal
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning), SPM-24 (info)
    And the card of SPM-24 shows the plan
    And the card of SPM-24 suggests "Complete blood count with automated differential", to be confirmed by "The team that treats the myeloma"
    And the card of SPM-24 does not suggest "Screening mammography of both breasts"

  Scenario: An acknowledged blood count that is overdue stays quiet
    Given only these rules are looked at: SPM-24
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And the blood count on 2025-12-01 was normal
    And the cards shown on 2026-01-10 were acknowledged
    When the chart is opened
    Then there is no card
    And SPM-24 stays quiet until 2026-04-10

  Scenario: It speaks again when it has become long overdue
    Given only these rules are looked at: SPM-24
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And the blood count on 2025-11-01 was normal
    And the cards shown on 2026-01-05 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-24 (warning)

  Scenario: It speaks again after a newer blood count
    Given only these rules are looked at: SPM-24
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And the blood count on 2025-10-01 was normal
    And the blood count on 2025-12-01 was normal
    And the cards shown on 2025-11-20 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-24 (info)

Feature: Acknowledged cards
  A card that a clinician has set aside is not repeated for ninety days, unless its inputs changed. Critical cards never stay quiet.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2020-03-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues

  Scenario: Ninety days after it was acknowledged, while maintenance goes on
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And the cards shown on 2025-10-17 were acknowledged
    When the chart is opened
    Then there is no card
    And SPM-05 and SPM-09 stay quiet until 2026-01-15

  Scenario: Ninety-one days after it was acknowledged
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And the cards shown on 2025-10-16 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning), SPM-09 (info)
    And nothing stays quiet

  Scenario: Only one of two cards was set aside
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And the card of SPM-05 shown on 2025-12-01 was acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-09 (info)
    And SPM-05 stays quiet until 2026-03-01

  Scenario: What was told inside a card stays quiet with it
    Given only these rules are looked at: SPM-01, SPM-05, SPM-27
    And an autologous stem cell transplant was done on 2020-11-10
    And the cards shown on 2025-12-01 were acknowledged
    When the chart is opened
    Then there is no card
    And SPM-01, SPM-05 and SPM-27 stay quiet until 2026-03-01

  Scenario: A second transplant since then speaks
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And an autologous stem cell transplant was done on 2025-12-20
    And the cards shown on 2025-12-01 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning)
    And SPM-09 stays quiet until 2026-03-01

  Scenario: A critical card is shown again the next day
    Given only these rules are looked at: SPM-17
    And breast cancer was diagnosed on 2025-11-10
    And the cards shown on 2026-01-14 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-17 (critical)
    And nothing stays quiet

  Scenario: An acknowledged warning does not quieten what has become critical
    Given only these rules are looked at: SPM-03
    And oral melphalan was taken from 2021-03-01 to 2021-09-30
    And oral melphalan was prescribed from 2026-01-05 and continues
    And the cards shown on 2025-12-01 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-03 (critical)

  Scenario: An acknowledgement of later than today is not known yet
    Given only these rules are looked at: SPM-05
    And an autologous stem cell transplant was done on 2020-11-10
    And the cards shown on 2026-01-16 were acknowledged
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning)

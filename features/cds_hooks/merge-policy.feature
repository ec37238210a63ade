Feature: Merge policy
  Few cards at a visit, the most urgent and most decisive first; whatever has no card of its own is named.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2020-03-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues

  Scenario: Exposure and benefit are told inside the card of the transplant
    Given only these rules are looked at: SPM-01, SPM-05, SPM-27
    And an autologous stem cell transplant was done on 2020-11-10
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning)
    And the card of SPM-05 also tells SPM-01, SPM-27

  Scenario: Exposure has a card where nothing else speaks, with the benefit inside
    Given only these rules are looked at: SPM-01, SPM-27
    When the chart is opened
    Then the cards are, in this order: SPM-01 (info)
    And the card of SPM-01 also tells SPM-27

  Scenario: Benefit alone
    Given only these rules are looked at: SPM-27
    When the chart is opened
    Then the cards are, in this order: SPM-27 (info)

  Scenario: Urgency goes before everything else
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    When the chart is opened
    Then the cards are, in this order: SPM-05 (warning), SPM-09 (info)

  Scenario: One critical card for melphalan; the order that is being signed speaks
    Given only these rules are looked at: SPM-03, SPM-20
    And oral melphalan was prescribed from 2025-12-01 and continues
    And oral melphalan is ordered
    When the order is signed
    Then the cards are, in this order: SPM-20 (critical)
    And the card of SPM-20 also tells SPM-03

  Scenario: A new cancer is another cause than melphalan
    Given only these rules are looked at: SPM-03, SPM-17
    And oral melphalan was prescribed from 2025-12-01 and continues
    And breast cancer was diagnosed on 2025-11-10
    When the chart is opened
    Then the cards are, in this order: SPM-17 (critical), SPM-03 (critical)
    And the card of SPM-17 tells nothing else

  Scenario: At most four cards; the fifth finding is named
    Given only these rules are looked at: SPM-02, SPM-03, SPM-05, SPM-09, SPM-17
    And oral melphalan was prescribed from 2025-12-01 and continues
    And breast cancer was diagnosed on 2025-11-10
    And an autologous stem cell transplant was done on 2020-11-10
    When the chart is opened
    Then the cards are, in this order: SPM-17 (critical), SPM-03 (critical), SPM-02 (warning), SPM-05 (warning)
    And SPM-09 is named without a card

  Scenario: Blasts and low counts are one cause; blasts speak
    Given only these rules are looked at: SPM-21, SPM-23
    And the laboratory found
      | date       | test        | value | unit   |
      | 2026-01-13 | blasts      | 3     | %      |
      | 2026-01-13 | neutrophils | 0.4   | 10*9/L |
      | 2026-01-13 | platelets   | 25    | 10*9/L |
    When the chart is opened
    Then the card of SPM-21 also tells SPM-23

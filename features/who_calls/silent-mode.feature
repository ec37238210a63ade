@own-steps
Feature: A site tries the rules before anybody sees a card
  A silent EHR is answered as usual, without cards. What it would have been shown is recorded.

  Scenario: A silent EHR is shown nothing, and everything is recorded
    Given the EHR "trial" is registered and silent
    When "trial" calls with a token for this call
    Then it is shown no cards
    And the cards that it would have been shown are recorded as not shown

  Scenario: Beside it, a live EHR sees its cards
    Given the EHR "trial" is registered and silent
    And the EHR "clinic" is registered
    When "clinic" calls with a token for this call
    Then it is shown cards
    And its cards are recorded as shown

  Scenario: A silent EHR hears of its own mistakes
    Given the EHR "trial" is registered and silent
    When "trial" calls with a body that is no request
    Then it is refused with status 400

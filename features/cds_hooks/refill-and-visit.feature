Feature: Refills, and the beginning of a visit
  A refill is taken like an order about to be signed, but is never a first order. When a visit begins, the record speaks as it does when
  the chart is opened.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2020-03-10

  Scenario: The monthly refill of maintenance after transplant is a renewal
    Given only these rules are looked at: SPM-19, SPM-28
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And lenalidomide 10 mg is ordered
    When a refill is requested
    Then the cards are, in this order: SPM-19 (info)

  Scenario: A refill of lenalidomide that the record does not know is no first order
    Given only these rules are looked at: SPM-28
    And lenalidomide 10 mg is ordered
    When a refill is requested
    Then there is no card

  Scenario: The same as a first prescription
    Given only these rules are looked at: SPM-28
    And lenalidomide 10 mg is ordered
    When the order is signed
    Then the cards are, in this order: SPM-28 (info)

  Scenario: Oral melphalan is refilled while lenalidomide goes on
    Given only these rules are looked at: SPM-03, SPM-20
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And oral melphalan was prescribed from 2025-12-01 and continues
    And oral melphalan is ordered
    When a refill is requested
    Then the cards are, in this order: SPM-20 (critical)
    And the card of SPM-20 also tells SPM-03

  Scenario: At a refill the record speaks too
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And lenalidomide 10 mg is ordered
    When a refill is requested
    Then the cards are, in this order: SPM-05 (warning), SPM-09 (info)

  Scenario: A refill of something else for somebody who never had lenalidomide
    Given an order in words only says "lisinopril 10 mg"
    When a refill is requested
    Then there is no card

  Scenario: The visit begins
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    When the visit begins
    Then the cards are, in this order: SPM-05 (warning), SPM-09 (info)

  Scenario: What was set aside when the chart was opened stays quiet when the visit begins
    Given only these rules are looked at: SPM-05, SPM-09
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And the cards shown on 2025-12-01 were acknowledged
    When the visit begins
    Then there is no card
    And SPM-05 and SPM-09 stay quiet until 2026-03-01

  Scenario: Drafts are not looked at when the visit begins
    Given only these rules are looked at: SPM-19, SPM-28
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg is ordered
    When the visit begins
    Then there is no card

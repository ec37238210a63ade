@own-steps
Feature: An order of which nothing tells the drug
  Some EHRs send an order with no more than the address of its Medication. No card would look like "checked, nothing to say"; so
  whoever could be concerned is told which order was not understood. Nobody else is bothered.

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60

  Scenario: In myeloma the clinician is asked
    Given multiple myeloma was diagnosed on 2020-03-10
    And the EHR sends the whole record
    And an order that is about to be signed refers to a Medication that nobody has by its address alone
    When the service is called
    Then a card asks which drug is being ordered and names the order

  Scenario: After a transplant the clinician is asked, whatever it was for
    Given an autologous stem cell transplant was done on 2020-11-10
    And the EHR sends the whole record
    And an order that is about to be signed refers to a Medication that nobody has by its address alone
    When the service is called
    Then a card asks which drug is being ordered and names the order

  Scenario: Of anybody else nothing is asked
    Given the EHR sends the whole record
    And an order that is about to be signed refers to a Medication that nobody has by its address alone
    When the service is called
    Then its answer has no card

  Scenario: An order that is still being written is none yet
    Given multiple myeloma was diagnosed on 2020-03-10
    And the EHR sends the whole record
    And an order that is about to be signed has no medication yet
    When the service is called
    Then no card asks which drug is being ordered

  Scenario: The Medication of an order is read from the FHIR server
    Given multiple myeloma was diagnosed on 2020-03-10
    And the EHR's FHIR server is listed
    And the EHR sends the whole record
    And an order that is about to be signed refers to lenalidomide by its address alone
    When the service is called
    Then its answer has a card that says "Possibly: First lenalidomide order: baseline CBC and cancer screening before start"
    And no card asks which drug is being ordered

@own-steps
Feature: What the EHR does not send is asked of its FHIR server
  An EHR may send all of the record, some of it, or nothing. Where its FHIR server is listed, the rest is asked there, with the token of
  the request. What cannot be had is not known, which is never "no".

  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 60
    And multiple myeloma was diagnosed on 2020-03-10
    And an autologous stem cell transplant was done on 2020-11-10
    And lenalidomide 10 mg was prescribed as maintenance from 2021-02-15 and continues
    And the EHR's FHIR server is listed

  Scenario: An EHR that sends nothing gets the cards of the whole record
    Given the EHR sends nothing beforehand
    When the service is called
    Then it answers as if the whole record had been sent
    And the FHIR server was asked for nothing but this patient's record

  Scenario: What was sent is not asked for again
    Given the EHR sends everything but Procedure
    When the service is called
    Then it answers as if the whole record had been sent
    And the FHIR server was asked for Procedure only

  Scenario: A query that failed at the EHR is not repeated
    Given the EHR reports that its query for Procedure failed
    When the service is called
    Then the FHIR server was not asked
    And every card says that Procedure is not known

  Scenario: A server that does not accept the token gives nothing, and nothing is not "nothing to say"
    Given the EHR sends nothing beforehand
    And the FHIR server answers with status 401
    When the service is called
    Then it is refused with status 412

  Scenario: A server that is too slow with one question is not waited for
    Given the EHR sends nothing beforehand
    And the FHIR server never answers about Procedure
    When the service is called
    Then every card says that Procedure is not known

  Scenario: A server that answers with somebody else's record
    Given the EHR sends nothing beforehand
    And the FHIR server answers about Procedure with another patient's
    When the service is called
    Then it is refused with status 422

  Scenario: A server that is not listed is not asked
    Given the EHR sends nothing beforehand
    And the EHR's FHIR server is not listed
    When the service is called
    Then the FHIR server was not asked
    And it is refused with status 412

  Scenario: The token stays with its server
    Given the EHR sends nothing beforehand
    And the FHIR server says that more about Procedure stands on another server
    When the service is called
    Then the other server was not asked
    And every card says that Procedure is not known

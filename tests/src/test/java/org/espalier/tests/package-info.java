/** Tests of the whole: golden vectors, runs from end to end, and the rules of the house. */
package org.espalier.tests;

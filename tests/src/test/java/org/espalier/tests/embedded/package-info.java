/**
 * Runs the core in a JVM that has nothing but {@code java.base}, as an embedding application might.
 */
package org.espalier.tests.embedded;

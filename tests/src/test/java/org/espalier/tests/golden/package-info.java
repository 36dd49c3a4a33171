/**
 * Golden vectors: numbers that others computed, and the tests that our code gives the same.
 *
 * <p>{@link org.espalier.tests.golden.GoldenFolder} finds the files, {@link
 * org.espalier.tests.golden.GoldenCase} reads one case and compares. A test takes the files whose
 * names begin with its stem; {@link org.espalier.tests.golden.GoldenFolderTest} knows all stems and
 * reports files that no test takes. To add a test: name its stem there, begin with {@link
 * org.espalier.tests.golden.GoldenFolder#tests}.
 */
package org.espalier.tests.golden;

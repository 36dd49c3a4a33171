/** What the documentation quotes: it compiles, runs, and is the same text in both places. */
package org.espalier.tests.docs;

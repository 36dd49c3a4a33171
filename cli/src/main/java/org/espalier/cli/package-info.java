/** The command line. */
package org.espalier.cli;

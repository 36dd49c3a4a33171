/**
 * The self-contained HTML report of a run: {@link org.espalier.cli.report.HtmlReport} assembles
 * sections, {@link org.espalier.cli.report.Charts} draws them with XChart where the machine has
 * fonts.
 */
package org.espalier.cli.report;

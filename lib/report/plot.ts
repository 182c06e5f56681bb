/** A figure of a report. */
export interface ReportPlot {
  /** Also the name of its file, without the ending. */
  name: string;
  title: string;
  /** What is drawn, in a sentence or two. */
  caption: string;
  svg: string;
}

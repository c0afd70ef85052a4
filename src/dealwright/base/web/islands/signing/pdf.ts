// What the pages use of pdf.js: a part of the script of its own, fetched by pages with documents.
export { getDocument, PDFDataRangeTransport, PDFWorker, TextLayer, VerbosityLevel } from "pdfjs-dist/legacy/build/pdf.mjs";

"""The canvas widget: `view.CanvasView` shows a document, moves the view and lets a tool work. Only here is painted."""

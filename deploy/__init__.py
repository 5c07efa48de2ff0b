"""What ships Stellwerk: broker, images, charts, examples and the demo."""

"""What one gets by following Twilio's guide in Django: the same webhook, straight on, on tables of its own."""

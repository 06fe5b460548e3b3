"""The same webhook as one writes it by Twilio's guide: straight on, on tables of its own."""
